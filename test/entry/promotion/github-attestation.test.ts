import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { runPromote } from "../../../src/entry/commands/promote.ts";
import { runPublish } from "../../../src/entry/commands/publish.ts";
import { runVerify } from "../../../src/entry/commands/verify.ts";
import { aProject, aPrompt, type TestProject } from "../../e2e/project.ts";
import { sigstoreAuthority, WORKFLOW } from "../../evidence/sigstore-authority.ts";
import { refusal, withCandidate, type Checkout } from "../gate-checkout.ts";

const common = { json: true, verbose: false };
const authority = sigstoreAuthority();

let project: TestProject;
let made: Checkout;
let printed = "";
/** What the gate of 1.1.0 left, unsigned. */
let statement = "";

// oxlint-disable-next-line typescript/no-explicit-any
type Document = any;

async function promote(file: string): Promise<{ exitCode: number; document: Document }> {
  const context = { ...made.context, print: (text: string) => void (printed = text) };
  const exitCode = await runPromote(context, {
    ...common,
    version: "greeter@1.1.0",
    to: "staging",
    evidence: file,
    dryRun: false,
    override: false,
  });
  return { exitCode, document: JSON.parse(printed) };
}

function evidenceCheck({ checks }: Document): Document {
  return checks.find(({ name }: Document) => name === "evidence");
}

beforeEach(async () => {
  project = aProject({ cases: 70 });
  const candidate = await withCandidate(project, "Answer only from the context. Name the price.");
  const { context } = candidate;
  made = { ...candidate, context: { ...context, environment: { ...context.environment, USER: "ana" } } };
  const config = parse(readFileSync(join(project.folder, "promptgate.yaml"), "utf8"));
  const github = { workflows: [WORKFLOW], trustedRoot: "trusted_root.jsonl" };
  project.write("promptgate.yaml", stringify({ ...config, evidence: { github } }));
  project.write("trusted_root.jsonl", authority.trustedRoot);
  await runPublish(made.context, { ...common, prompt: "greeter", author: "test" });
  await made.gate();
  const folder = made.printed().prompts[0]?.runDir ?? "";
  statement = readFileSync(join(made.folder, folder, "evidence.json"), "utf8");
});
afterEach(() => project.remove());

function attested(file: string, ...bundles: readonly string[]): string {
  writeFileSync(join(project.folder, file), `${bundles.join("\n")}\n`);
  return file;
}

describe("promote with an attestation by GitHub", () => {
  it("goes by it, keeps it, and asks for nothing else later", async () => {
    const { exitCode, document } = await promote(attested("a.jsonl", authority.attest(statement)));
    expect(exitCode).toBe(0);
    expect(evidenceCheck(document)).toMatchObject({ state: "met", text: expect.stringContaining(WORKFLOW) });
    const rest = { ...common, version: "greeter@1.1.0", to: "preview", dryRun: false, override: false };
    expect(await runPromote(made.context, rest)).toBe(0);
  });

  it("takes the one of several that counts", async () => {
    const stranger = sigstoreAuthority().attest(statement);
    const { exitCode } = await promote(attested("a.jsonl", stranger, authority.attest(statement)));
    expect(exitCode).toBe(0);
  });

  it("asks for a signature as soon as a workflow is named", async () => {
    project.write("bare.json", statement);
    const { exitCode, document } = await promote("bare.json");
    expect(exitCode).toBe(3);
    expect(evidenceCheck(document).text).toContain("it is not signed");
  });

  it.each([
    ["of another authority", () => sigstoreAuthority().attest(statement), /does not count/],
    [
      "of another repository",
      () => authority.attest(statement, { identity: { workflow: WORKFLOW.replace("o/r", "eve/r") } }),
      /eve\/r/,
    ],
    [
      "about another digest",
      () => authority.attest(statement.replace(/"sha256": "[0-9a-f]{64}"/, `"sha256": "${"0".repeat(64)}"`)),
      /it is about greeter sha256:0000/,
    ],
    [
      "that says it failed",
      () => {
        const text = statement
          .replace('"PASSED"', '"FAILED"')
          .replace('"verdict": "pass"', '"verdict": "fail"');
        return authority.attest(text);
      },
      /FAILED/,
    ],
  ])("refuses one %s, and writes nothing", async (_, make, reason) => {
    const { exitCode, document } = await promote(attested("a.jsonl", make()));
    expect(exitCode).not.toBe(0);
    expect(document.written).toEqual([]);
    expect(evidenceCheck(document).text).toMatch(reason);
  });

  it("refuses an unverified one also where unsigned evidence is taken", async () => {
    const config = parse(readFileSync(join(project.folder, "promptgate.yaml"), "utf8"));
    project.write("promptgate.yaml", stringify({ ...config, evidence: {} }));
    const { exitCode, document } = await promote(attested("a.jsonl", authority.attest(statement)));
    expect(exitCode).toBe(1);
    expect(evidenceCheck(document).text).toContain("evidence.github");
  });

  it("takes a truncated file for none", async () => {
    project.write("a.jsonl", authority.attest(statement).slice(0, 2_000));
    expect(await refusal(promote("a.jsonl"))).toMatchObject({ code: "FILE_UNREADABLE" });
  });

  it("says what is wrong with a trusted root that is none", async () => {
    project.write("trusted_root.jsonl", "{}");
    const file = attested("a.jsonl", authority.attest(statement));
    expect(await refusal(promote(file))).toMatchObject({ code: "CONFIG_INVALID" });
  });
});

async function verify(file: string): Promise<{ exitCode: number; document: Document }> {
  const context = { ...made.context, print: (text: string) => void (printed = text) };
  const exitCode = await runVerify(context, { ...common, key: [], file });
  return { exitCode, document: JSON.parse(printed) };
}

describe("verify of an attestation by GitHub", () => {
  it("says who signed it", async () => {
    const { exitCode, document } = await verify(attested("a.jsonl", authority.attest(statement)));
    expect(exitCode).toBe(0);
    expect(document.checks).toContainEqual({
      name: "signature",
      state: "met",
      text: `signed by ${WORKFLOW}`,
    });
  });

  it("is violated by one that does not count", async () => {
    const { exitCode } = await verify(attested("a.jsonl", sigstoreAuthority().attest(statement)));
    expect(exitCode).toBe(1);
  });

  it("looks at one", async () => {
    const bundle = authority.attest(statement);
    const file = attested("a.jsonl", bundle, bundle);
    expect(await refusal(verify(file))).toMatchObject({ code: "USAGE" });
  });
});

describe("a prompt in a statement about several", () => {
  it("has a part of its own that promote finds", async () => {
    project.write("prompts/other.prompt.yml", aPrompt("1.0.0", "Other."));
    const one: Document = JSON.parse(statement);
    const [subject] = one.subject;
    const prefixed = (entries: readonly Document[]): Document[] =>
      ["greeter", "sorter"].flatMap((name) =>
        entries.map((each) => ({ ...each, name: `${name}/${each.name}` })),
      );
    const joint = {
      ...one,
      subject: [{ name: "sorter", digest: { sha256: "1".repeat(64) } }, subject],
      predicate: {
        ...one.predicate,
        configuration: prefixed(one.predicate.configuration),
        passedTests: one.predicate.passedTests.map((name: string) => `greeter/${name}`),
      },
    };
    const { exitCode } = await promote(attested("a.jsonl", authority.attest(JSON.stringify(joint))));
    expect(exitCode).toBe(0);
  });
});
