import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runPublish } from "../../../src/entry/commands/publish.ts";
import { aPrompt } from "../../e2e/project.ts";
import { sigstoreAuthority, WORKFLOW } from "../../evidence/sigstore-authority.ts";
import { loopbackGitHub, type LoopbackGitHub } from "../../loopback/github.ts";
import { actionBundle, actionCheckout, type ActionCheckout } from "../action-checkout.ts";
import { checkout as commandCheckout } from "../gate-checkout.ts";

const authority = sigstoreAuthority();
const version = { prompt: "greeter", version: "1.1.0", target: "staging" };

let github: LoopbackGitHub;
let checkout: ActionCheckout;
beforeAll(async () => {
  await actionBundle();
});
beforeEach(async () => {
  github = await loopbackGitHub();
  const signers = { workflows: [WORKFLOW], trustedRoot: "trusted_root.jsonl" };
  checkout = await actionCheckout(github, { cases: 120 });
  const config = readFileSync(join(checkout.folder, "promptgate.yaml"), "utf8");
  checkout.project.write("promptgate.yaml", `${config}evidence: ${JSON.stringify({ github: signers })}\n`);
  checkout.project.write("trusted_root.jsonl", authority.trustedRoot);
  const text = "Answer only from the context you are given.";
  checkout.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", text));
  const { context } = commandCheckout(checkout.folder);
  const options = { prompt: "greeter", json: true, verbose: false, author: "Ada <ada@example.com>" };
  await runPublish(context, options);
  checkout.commit("Publish 1.1.0");
  checkout.merge();
});
afterEach(async () => {
  checkout.remove();
  await github.close();
});

async function order(command: string, inputs: Readonly<Record<string, string>> = {}) {
  return checkout.run({
    event: "workflow_dispatch",
    payload: {},
    inputs: { command, ...inputs },
    environment: { GITHUB_RUN_ID: "77", GITHUB_ACTOR: "starter" },
  });
}

/** The statement that actions/attest makes of a gate's outputs. */
async function gated(): Promise<string> {
  const { outputs } = await order("gate");
  const lines = readFileSync(outputs["subject-checksums"] ?? "", "utf8")
    .trim()
    .split("\n");
  return JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: lines.map((line) => {
      const [sha256, name] = line.split("  ");
      return { name, digest: { sha256 } };
    }),
    predicateType: outputs["predicate-type"],
    predicate: JSON.parse(readFileSync(outputs["predicate-path"] ?? "", "utf8")) as unknown,
  });
}

function written(bundle: string): string {
  const file = join(checkout.workspace, "..", "attestation.json");
  writeFileSync(file, bundle);
  return file;
}

describe("the action's promotion with an attestation of its own gate", { timeout: 120_000 }, () => {
  it("goes by what a workflow attested that the config names", async () => {
    const issued = Date.now();
    const evidence = written(authority.attest(await gated(), { issued }));
    const verified = await order("verify", { ...version, evidence });
    expect(verified).toMatchObject({ exitCode: 0, outputs: { verdict: "pass" } });
    expect(verified.summary).toContain(WORKFLOW);
    const promoted = await order("promote", { ...version, evidence });
    expect(promoted).toMatchObject({ exitCode: 0, outputs: { verdict: "pass", stage: "staging" } });
  });

  it("refuses what another workflow attested, and a gate's file that nobody signed", async () => {
    const statement = await gated();
    const identity = { workflow: WORKFLOW.replace("o/r/", "eve/r/"), repository: "eve/r" };
    const evidence = written(authority.attest(statement, { identity }));
    const refused = await order("promote", { ...version, evidence });
    expect(refused).toMatchObject({ exitCode: 1, outputs: { verdict: "fail", stage: "" } });
    expect(refused.log).toContain("which evidence.github does not name");
    const bare = await order("promote", { ...version, evidence: written(statement) });
    expect(bare).toMatchObject({ exitCode: 3, outputs: { verdict: "inconclusive" } });
  });
});
