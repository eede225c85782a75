import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runKeysNew } from "../../src/entry/commands/keys-new.ts";
import { runVerify, type VerifyOptions } from "../../src/entry/commands/verify.ts";
import { textDigest } from "../../src/domain/digest.ts";
import { signatureStanding } from "../../src/evidence/dsse.ts";
import { readAttestation } from "../../src/evidence/read-attestation.ts";
import { aProject, aPrompt, type ProjectShape } from "../e2e/project.ts";
import { refusal, withCandidate, type Checkout } from "./gate-checkout.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const common = { json: false, verbose: false };

interface Signing {
  readonly made: Checkout;
  readonly project: ReturnType<typeof aProject>;
  readonly publicKey: string;
}

/** A project with a key `ci.key`, which its config trusts. */
async function aSigningProject(shape: ProjectShape = {}): Promise<Signing> {
  const project = aProject({ cases: 70, ...shape });
  cleanups.push(() => project.remove());
  const made = await withCandidate(project, "Answer only from the context. Name the price.");
  await runKeysNew(made.context, { ...common, output: "ci.key" });
  const publicKey = readFileSync(join(project.folder, "ci.key.pub"), "utf8").trim();
  const config = join(project.folder, "promptgate.yaml");
  const text = readFileSync(config, "utf8");
  writeFileSync(config, `${text}\nevidence:\n  keys:\n    ci: ${publicKey}\n`);
  return { made, project, publicKey };
}

function evidenceFile(made: Checkout): string {
  return join(made.folder, made.printed().prompts[0]?.runDir ?? "", "evidence.json");
}

function readKey(made: Checkout, file: string): string {
  return readFileSync(join(made.folder, file), "utf8").trim();
}

function evidenceOf(made: Checkout) {
  const attestation = readAttestation(readFileSync(evidenceFile(made), "utf8"));
  if (attestation.kind !== "gate") throw new Error(JSON.stringify(attestation));
  return attestation;
}

async function verify(
  { made }: Pick<Signing, "made">,
  file: string,
  options: Partial<VerifyOptions> = {},
): Promise<{ exitCode: number; text: string }> {
  let text = "";
  const context = { ...made.context, print: (line: string) => void (text = line) };
  const exitCode = await runVerify(context, { ...common, key: [], ...options, file });
  return { exitCode, text };
}

describe("a gate run", () => {
  it("leaves a statement that names everything it was measured with", async () => {
    const { made } = await aSigningProject();
    expect(await made.gate()).toBe(0);
    const [result] = made.printed().prompts;
    const { evidence, envelope } = evidenceOf(made);
    const report = readFileSync(join(made.folder, result?.runDir ?? "", "result.json"), "utf8");
    expect(envelope).toBeNull();
    expect(evidence).toMatchObject({
      prompt: "greeter",
      version: "1.1.0",
      verdict: "pass",
      digest: result?.candidate.digest,
      baseline: { version: "1.0.0", digest: result?.baseline?.digest },
      complete: true,
      at: "2026-11-20T00:00:00.000Z",
      digests: {
        dataset: result?.digests.dataset,
        judges: result?.digests.judges,
        policy: result?.digests.policy,
        result: textDigest(report),
      },
    });
    expect(evidence.passedTests).toContain("price");
    expect(evidence.models[0]).toMatchObject({ role: "candidate", provider: "embedded" });
  });

  it("signs it with the key that was given, also when an earlier run left it unsigned", async () => {
    const { made } = await aSigningProject();
    await made.gate();
    const before = evidenceOf(made);
    await made.gate({ sign: "ci.key" });
    const after = evidenceOf(made);
    expect(after.envelope).not.toBeNull();
    expect(after.evidence).toEqual(before.evidence);
    const file = readFileSync(evidenceFile(made), "utf8");
    await made.gate({ sign: "ci.key" });
    await made.gate();
    expect(readFileSync(evidenceFile(made), "utf8")).toBe(file);
  });
});

describe("a gate run that needs no model", () => {
  it("leaves evidence of its own", async () => {
    const { made, project } = await aSigningProject();
    project.write(
      "prompts/greeter.prompt.yml",
      aPrompt("1.0.1", "Answer only from the context. Name the price."),
    );
    expect(await made.gate({ sign: "ci.key" })).toBe(1);
    const { evidence } = evidenceOf(made);
    expect(evidence).toMatchObject({
      result: "FAILED",
      verdict: "fail",
      version: "1.0.1",
      failedTests: ["tier"],
    });
    const again = evidenceFile(made);
    await made.gate({ sign: "ci.key" });
    expect(evidenceFile(made)).toBe(again);
  });
});

describe("a key that cannot sign", () => {
  it.each([
    { title: "is not there", options: { sign: "none.key" }, environment: {}, code: "FILE_UNREADABLE" },
    { title: "is a public one", options: { sign: "ci.key.pub" }, environment: {}, code: "USAGE" },
    {
      title: "stands in the environment",
      options: {},
      environment: { PROMPTGATE_SIGNING_KEY: "x" },
      code: "USAGE",
    },
  ])("is refused before anything is evaluated, when it $title", async ({ options, environment, code }) => {
    const { made } = await aSigningProject();
    Object.assign(made.context, { environment });
    expect(await refusal(made.gate(options))).toMatchObject({ code });
    expect(readdirSync(join(made.folder, ".promptgate"))).toEqual(["registry"]);
  });
});

describe("the environment's key", () => {
  it("signs as a file does, and an empty one is none", async () => {
    const { made, publicKey } = await aSigningProject();
    const pem = readFileSync(join(made.folder, "ci.key"), "utf8");
    Object.assign(made.context, { environment: { PROMPTGATE_SIGNING_KEY: "" } });
    await made.gate();
    expect(evidenceOf(made).envelope).toBeNull();
    Object.assign(made.context, { environment: { PROMPTGATE_SIGNING_KEY: pem } });
    await made.gate();
    const { envelope } = evidenceOf(made);
    expect(signatureStanding(envelope, { ci: publicKey })).toMatchObject({ kind: "valid" });
  });
});

describe("shards of a run", () => {
  it("leave signed evidence when they are merged", async () => {
    const { made } = await aSigningProject();
    const parts = ["part-1", "part-2"].map((name) => join(made.folder, name));
    await made.gate({ shard: "1/2", shardOutput: parts[0] });
    await made.gate({ shard: "2/2", shardOutput: parts[1] });
    expect(await made.merge(parts, { sign: "ci.key" })).toBe(0);
    expect(evidenceOf(made)).toMatchObject({ evidence: { verdict: "pass" }, envelope: { signatures: [{}] } });
  });
});

describe("verify", () => {
  it("says of good evidence that it is valid, line by line", async () => {
    const signing = await aSigningProject();
    await signing.made.gate({ sign: "ci.key" });
    const { exitCode, text } = await verify(signing, evidenceFile(signing.made));
    expect(exitCode).toBe(0);
    expect(text.split("\n").map((line) => line.split(/\s+/).slice(0, 2).join(" "))).toEqual([
      "ok form",
      "ok signature",
      "ok subject",
      "ok result.json",
      "ok result",
      "ok age",
      "",
      "Evidence: valid",
    ]);
  });

  it("finds what is wrong, and ends with 1", async () => {
    const signing = await aSigningProject();
    const { made, project } = signing;
    await made.gate();
    const file = evidenceFile(made);
    expect(await verify(signing, file)).toMatchObject({
      exitCode: 1,
      text: expect.stringMatching(/FAIL +signature +not signed/),
    });
    await made.gate({ sign: "ci.key" });
    const result = join(file, "../result.json");
    writeFileSync(result, readFileSync(result, "utf8").replace("pass", "PASS"));
    expect((await verify(signing, file)).text).toMatch(/FAIL +result.json +changed since/);
    project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", "Something else."));
    expect((await verify(signing, file)).text).toMatch(
      /FAIL +subject +.*prompts\/greeter.prompt.yml is sha256/,
    );
    Object.assign(made.context, { clock: { now: () => Date.UTC(2026, 11, 24) } });
    expect((await verify(signing, file)).text).toMatch(/FAIL +age +34 days old, at most 30 days count/);
    expect((await verify(signing, file, { maxAge: "60d" })).text).toMatch(/ok +age/);
  });

  it("takes the keys that are given instead of the config's", async () => {
    const signing = await aSigningProject();
    const { made, publicKey } = signing;
    await made.gate({ sign: "ci.key" });
    const file = evidenceFile(made);
    expect((await verify(signing, file, { key: [publicKey] })).exitCode).toBe(0);
    expect((await verify(signing, file, { key: ["ci.key.pub"] })).exitCode).toBe(0);
    await runKeysNew(made.context, { ...common, output: "other.key" });
    expect(await verify(signing, file, { key: [readKey(made, "other.key.pub")] })).toMatchObject({
      exitCode: 1,
    });
    await expect(verify(signing, file, { key: ["nonsense"] })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("needs no project where the key is given", async () => {
    const signing = await aSigningProject();
    const { made, publicKey } = signing;
    await made.gate({ sign: "ci.key" });
    const elsewhere = mkdtempSync(join(tmpdir(), "promptgate-verify-"));
    cleanups.push(() => rmSync(elsewhere, { recursive: true }));
    writeFileSync(join(elsewhere, "copy.json"), readFileSync(evidenceFile(made), "utf8"));
    const abroad = { made: { ...made, context: { ...made.context, cwd: elsewhere } } };
    const { exitCode, text } = await verify(abroad, "copy.json", { key: [publicKey] });
    expect(exitCode).toBe(0);
    expect(text).toMatch(/note +subject.*no such version here/);
    await expect(verify(abroad, "copy.json")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("tells evidence that failed from a file that is none", async () => {
    const signing = await aSigningProject();
    const { made, project } = signing;
    project.write(
      "prompts/greeter.prompt.yml",
      aPrompt("1.0.1", "Answer only from the context. Name the price."),
    );
    await made.gate({ sign: "ci.key" });
    expect(await verify(signing, evidenceFile(made))).toMatchObject({
      exitCode: 1,
      text: expect.stringMatching(/FAIL +result +FAILED \(fail\): tier/),
    });
    await expect(verify(signing, "promptgate.yaml")).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    await expect(verify(signing, "missing.json")).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });
});

describe("keys new", () => {
  it("writes a private key that only its owner can read, and never writes over one", async () => {
    const { made } = await aSigningProject();
    const file = join(made.folder, "ci.key");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, "utf8");
    await expect(runKeysNew(made.context, { ...common, output: "ci.key" })).rejects.toMatchObject({
      code: "USAGE",
    });
    writeFileSync(join(made.folder, "half.key"), "mine");
    await expect(runKeysNew(made.context, { ...common, output: "half.key" })).rejects.toMatchObject({
      code: "USAGE",
    });
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(readFileSync(join(made.folder, "half.key"), "utf8")).toBe("mine");
    expect(readdirSync(made.folder)).not.toContain("half.key.pub");
  });
});
