import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signEnvelope } from "../../../src/evidence/dsse.ts";
import { renderGateStatement } from "../../../src/evidence/gate-statement.ts";
import { parseSigningKey } from "../../../src/evidence/keys.ts";
import { readAttestation } from "../../../src/evidence/read-attestation.ts";
import type { GateEvidence } from "../../../src/domain/evidence.ts";
import { refusal } from "../gate-checkout.ts";
import {
  copyOf,
  promotionProject,
  removeProjects,
  type PromotionProject,
  states,
} from "./promotion-project.ts";

const NEW = "Answer only from the context. Name the price.";

let fresh: PromotionProject;
let passed: PromotionProject;
beforeAll(async () => {
  fresh = await promotionProject();
  passed = copyOf(fresh);
  await passed.publish("1.1.0", NEW);
  await passed.gate();
});
afterAll(removeProjects);

async function opened(): Promise<PromotionProject> {
  return copyOf(fresh);
}

/** 1.1.0 is published and has passed the gate. */
async function gated(): Promise<PromotionProject> {
  return copyOf(passed);
}

/** The evidence of the only run, changed and signed with the project's key again. */
async function resigned(
  made: PromotionProject,
  change: (evidence: GateEvidence) => GateEvidence,
): Promise<string> {
  const version = await made.registry.readVersion("greeter", { kind: "version", version: "1.1.0" });
  const dry = await made.promote("1.1.0", "staging", { dryRun: true });
  const [run] = /\.promptgate\/runs\/[\w-]+/.exec(dry.document.checks[0].text) ?? [];
  const text = readFileSync(join(made.folder, run ?? "", "evidence.json"), "utf8");
  const attestation = readAttestation(text);
  if (attestation.kind !== "gate" || version === null) throw new Error("no evidence");
  const key = parseSigningKey(readFileSync(join(made.folder, "ci.key"), "utf8"), "ci.key");
  const file = join(made.folder, "changed.json");
  writeFileSync(file, signEnvelope(renderGateStatement(change(attestation.evidence)), key));
  return file;
}

describe("promote to staging", () => {
  it("needs evidence of a gate", async () => {
    const made = await opened();
    await made.publish("1.1.0", NEW);
    const { exitCode, document } = await made.promote("1.1.0", "staging");
    expect(exitCode).toBe(3);
    expect(document).toMatchObject({ decision: "unproven", written: [] });
    expect(await made.labels()).toEqual({ production: "1.0.0" });
  });

  it("moves the label, keeps the evidence, and records what was known at that moment", async () => {
    const made = await gated();
    const { exitCode, document } = await made.promote("1.1.0", "staging", { reason: "try it" });
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ decision: "allowed", ungated: [], from: null });
    expect(await made.labels()).toEqual({ production: "1.0.0", staging: "1.1.0" });
    expect(await made.store.attestations(document.digest)).toHaveLength(1);
    expect(await made.ledger()).toMatchObject([
      {
        kind: "promoted",
        version: "1.1.0",
        digest: document.digest,
        reason: "try it",
        details: {
          label: "staging",
          gated: true,
          author: "Ana Roe <ana@example.com>",
          model: "main",
          temperature: null,
          scores: [{ name: "price", candidate: 1 }, { name: "tokens" }],
          labels: ["staging"],
        },
      },
    ]);
  });

  it("shows each check and what it would write, and writes nothing, on a dry run", async () => {
    const made = await gated();
    const { exitCode, document } = await made.promote("1.1.0", "staging", { dryRun: true });
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ plan: ["label staging: new -> 1.1.0"], written: [] });
    expect(states(document)).toEqual({ evidence: "met", tier: "met", "sign-off": "met", rollout: "met" });
    expect(await made.labels()).toEqual({ production: "1.0.0" });
    expect(await made.ledger()).toEqual([]);
  });

  it("changes nothing when it is repeated", async () => {
    const made = await gated();
    await made.promote("1.1.0", "staging");
    made.wait(1);
    const { exitCode, document } = await made.promote("1.1.0", "staging");
    expect(exitCode).toBe(0);
    expect(document.plan).toEqual([]);
    expect(await made.ledger()).toHaveLength(1);
  });

  it("takes the store's evidence where the run's folder is gone", async () => {
    const made = await gated();
    await made.promote("1.1.0", "own-label");
    await made.promote("1.1.0", "staging");
    rmSync(join(made.folder, ".promptgate/runs"), { recursive: true });
    const { exitCode, document } = await made.promote("1.1.0", "staging", { dryRun: true });
    expect(exitCode).toBe(0);
    expect(document.checks[0].text).toContain("the store");
  });

  it.each<{
    title: string;
    change: (evidence: GateEvidence) => GateEvidence;
    exitCode: number;
    text: RegExp;
  }>([
    {
      title: "of another digest",
      change: (evidence) => ({ ...evidence, digest: `sha256:${"0".repeat(64)}` }),
      exitCode: 1,
      text: /it is about greeter sha256:0000/,
    },
    {
      title: "of another prompt",
      change: (evidence) => ({ ...evidence, prompt: "other" }),
      exitCode: 1,
      text: /it is about other/,
    },
    {
      title: "that failed",
      change: (evidence) => ({ ...evidence, verdict: "fail", result: "FAILED", failedTests: ["price"] }),
      exitCode: 1,
      text: /FAILED.*price/,
    },
    {
      title: "that did not decide",
      change: (evidence) => ({ ...evidence, verdict: "inconclusive", result: "FAILED" }),
      exitCode: 3,
      text: /did not decide/,
    },
    {
      title: "of some cases only",
      change: (evidence) => ({ ...evidence, complete: false }),
      exitCode: 3,
      text: /only some of the dataset's cases/,
    },
    {
      title: "that is too old",
      change: (evidence) => ({ ...evidence, at: "2026-10-01T00:00:00.000Z" }),
      exitCode: 1,
      text: /50 days old, at most 30 days count/,
    },
    {
      title: "from the future",
      change: (evidence) => ({ ...evidence, at: "2026-11-21T00:00:00.000Z" }),
      exitCode: 1,
      text: /in the future/,
    },
    {
      title: "of another policy",
      change: (evidence) => ({
        ...evidence,
        digests: { ...evidence.digests, policy: evidence.digests.dataset },
      }),
      exitCode: 3,
      text: /since then changed: the policy/,
    },
    {
      title: "of another model",
      change: (evidence) => ({
        ...evidence,
        models: [{ role: "candidate", provider: "openai", model: "gpt-9" }],
      }),
      exitCode: 3,
      text: /changed: the model/,
    },
  ])("refuses evidence $title", async ({ change, exitCode, text }) => {
    const made = await gated();
    const evidence = await resigned(made, change);
    const refused = await made.promote("1.1.0", "staging", { evidence });
    expect(refused.exitCode).toBe(exitCode);
    expect(refused.document.checks[0].text).toMatch(text);
    expect(await made.labels()).toEqual({ production: "1.0.0" });
  });

  it("refuses evidence whose text was changed after it was signed", async () => {
    const made = await gated();
    const file = await resigned(made, (evidence) => ({ ...evidence, verdict: "fail", result: "FAILED" }));
    const envelope = JSON.parse(readFileSync(file, "utf8")) as { payload: string };
    const payload = Buffer.from(envelope.payload, "base64").toString("utf8");
    const better = payload.replace('"FAILED"', '"PASSED"').replace('"fail"', '"pass"');
    writeFileSync(file, JSON.stringify({ ...envelope, payload: Buffer.from(better).toString("base64") }));
    const { exitCode, document } = await made.promote("1.1.0", "staging", { evidence: file });
    expect(exitCode).toBe(1);
    expect(document.checks[0].text).toContain("it names the key of ci, which did not sign it");
  });

  it("refuses unsigned evidence where the config names keys", async () => {
    const made = await opened();
    await made.publish("1.1.0", NEW);
    await made.gate({ sign: undefined });
    const { exitCode, document } = await made.promote("1.1.0", "staging");
    expect(exitCode).toBe(3);
    expect(document.checks[0].text).toContain("it is not signed");
  });

  it("asks to gate again when the dataset has changed", async () => {
    const made = await gated();
    const file = "golden-datasets/greeter.jsonl";
    const cases = readFileSync(join(made.folder, file), "utf8");
    made.write(file, `${cases}${JSON.stringify({ id: "new", vars: { query: "x", context: "y" } })}\n`);
    const { exitCode, document } = await made.promote("1.1.0", "staging");
    expect(exitCode).toBe(3);
    expect(document.checks[0].text).toMatch(/since then changed: the dataset/);
  });

  it("lets a later verdict on the same question decide", async () => {
    const made = await gated();
    const file = await resigned(made, (evidence) => ({
      ...evidence,
      at: "2026-11-20T00:00:01.000Z",
      verdict: "fail",
      result: "FAILED",
      failedTests: ["price"],
    }));
    const digest = (await made.promote("1.1.0", "staging", { dryRun: true })).document.digest;
    await made.store.attest(digest, readFileSync(file, "utf8"));
    made.wait(1);
    expect((await made.promote("1.1.0", "staging")).exitCode).toBe(1);
  });
});

describe("promote refuses", () => {
  it.each([
    { title: "the label of the canary", version: "1.0.0", to: "canary", code: "USAGE" },
    { title: "the label to roll back to", version: "1.0.0", to: "rollback", code: "USAGE" },
    { title: "a label that cannot be one", version: "1.0.0", to: "latest", code: "USAGE" },
    { title: "an unknown version", version: "9.9.9", to: "staging", code: "VERSION_NOT_FOUND" },
    { title: "a label in place of a version", version: "production", to: "staging", code: "USAGE" },
  ])("$title", async ({ version, to, code }) => {
    const made = await opened();
    expect(await refusal(made.promote(version, to))).toMatchObject({ code });
  });

  it("an unknown prompt, and evidence that is none", async () => {
    const made = await opened();
    expect(await refusal(made.promote("1.0.0", "staging", { version: "greter@1.0.0" }))).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining('did you mean "greeter"?') as string,
    });
    made.write("none.json", "{}");
    const named = { evidence: join(made.folder, "none.json") };
    expect(await refusal(made.promote("1.0.0", "staging", named))).toMatchObject({ code: "FILE_UNREADABLE" });
    const missing = { evidence: join(made.folder, "missing.json") };
    expect(await refusal(made.promote("1.0.0", "staging", missing))).toMatchObject({
      code: "FILE_UNREADABLE",
    });
  });
});
