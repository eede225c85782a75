import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runKeysNew } from "../../src/entry/commands/keys-new.ts";
import { runVerify, type VerifyOptions } from "../../src/entry/commands/verify.ts";
import { textDigest } from "../../src/domain/digest.ts";
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
