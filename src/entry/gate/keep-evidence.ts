import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { jsonDigest, textDigest, type Digest } from "../../domain/digest.ts";
import type { EvidenceScore, GateEvidence } from "../../domain/evidence.ts";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { signatureStanding, signEnvelope } from "../../evidence/dsse.ts";
import { renderGateStatement } from "../../evidence/gate-statement.ts";
import type { SigningKey } from "../../evidence/keys.ts";
import { readAttestation } from "../../evidence/read-attestation.ts";
import { replaceFile } from "../../files/replace-file.ts";
import { storageError, systemCode } from "../../files/storage.ts";
import { packageVersion } from "../package-files.ts";
import { gateResult } from "./gate-prompt.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { RUNS } from "./run-directory.ts";

export const EVIDENCE_FILE = "evidence.json";

/** A prompt's name, if the text before the first colon can be one of a check. */
function leadingName(reason: string): string {
  return reason.slice(0, Math.max(0, reason.indexOf(": "))) || reason;
}

type Tests = Pick<GateEvidence, "passedTests" | "warnedTests" | "failedTests">;

/** Metrics by what they say about the candidate; what fails without being a metric is named by its reason. */
function testsOf({ verdict, metrics, reasons, cases }: PromptGateResult): Tests {
  const judged = metrics.filter(({ level }) => level !== "off");
  const failed = judged.filter((metric) => metric.verdict !== "pass" && metric.level === "error");
  const names = failed.map(({ name }) => name);
  const others = verdict === "pass" || names.length > 0 ? [] : reasons.slice(0, 20).map(leadingName);
  return {
    passedTests: judged.filter((metric) => metric.verdict === "pass").map(({ name }) => name),
    warnedTests: judged
      .filter((metric) => metric.verdict !== "pass" && metric.level === "warn")
      .map(({ name }) => name),
    failedTests: [...new Set([...names, ...(cases.broken.length > 0 ? ["critical"] : others)])],
  };
}

function scoresOf({ metrics }: PromptGateResult): EvidenceScore[] {
  return metrics.map(({ name, baseline, candidate }) => ({ name, baseline, candidate }));
}

function evidenceOf(
  preparation: Pick<Preparation, "entries" | "dataset">,
  result: PromptGateResult,
  run: { readonly digest: Digest; readonly at: string },
): GateEvidence {
  const { declared, required, applied } = result.tier;
  const { dataset, judges, policy } = result.digests;
  const tests = testsOf(result);
  const passed = tests.warnedTests.length > 0 ? "WARNED" : "PASSED";
  return {
    prompt: result.name,
    digest: result.candidate.digest,
    version: result.candidate.version,
    verdict: result.verdict,
    result: result.verdict === "pass" ? passed : "FAILED",
    tier: { declared, required, applied },
    baseline: result.baseline && { version: result.baseline.version, digest: result.baseline.digest },
    digests: { dataset, judges, policy, result: run.digest },
    complete: preparation.entries.length === preparation.dataset.entries.length,
    models: result.models,
    scores: scoresOf(result),
    waivers: result.waivers,
    at: run.at,
    promptgate: packageVersion(),
    ...tests,
  };
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw storageError("read", file, error);
  }
}

/** A verdict that needed no run gets a folder of its own, named by what it says. */
async function keepEarly(root: string, result: PromptGateResult): Promise<PromptGateResult> {
  const id = jsonDigest({ ...result, runDir: null }).slice("sha256:".length, "sha256:".length + 12);
  const kept = { ...result, runDir: `${RUNS}/${result.name}-${id}` };
  const file = join(root, kept.runDir, "result.json");
  if ((await readIfThere(file)) !== null) return kept;
  try {
    await replaceFile(file, `${JSON.stringify(gateResult([kept]), null, 2)}\n`);
  } catch (error) {
    throw storageError("write", file, error);
  }
  return kept;
}

interface Known {
  readonly text: string;
  readonly at: string;
  readonly isSigned: boolean;
}

/** What is there already about exactly this result: a repeated verdict must not look younger than it is. */
async function knownEvidence(
  folder: string,
  digest: Digest,
  signer: SigningKey | null,
): Promise<Known | null> {
  const text = await readIfThere(join(folder, EVIDENCE_FILE));
  const known = text === null ? null : readAttestation(text);
  if (text === null || known?.kind !== "gate" || known.evidence.digests.result !== digest) return null;
  const own = signer === null ? {} : { own: signer.publicKey };
  const isSigned = signatureStanding(known.envelope, own).kind === "valid";
  return { text, at: known.evidence.at, isSigned };
}

/**
 * Writes `evidence.json` beside the run's `result.json`, signed when there is a key, and returns the result with the
 * folder that holds both. What an earlier run of the same question wrote is kept, or signed when it was not.
 */
export async function keepEvidence(
  scope: GateScope,
  preparation: Preparation,
  result: PromptGateResult,
  signer: SigningKey | null,
): Promise<PromptGateResult> {
  const { project, context } = scope;
  const kept = result.runDir === null ? await keepEarly(project.root, result) : result;
  const folder = join(project.root, kept.runDir ?? "");
  const file = join(folder, "result.json");
  const text = (await readIfThere(file)) ?? "";
  const digest = textDigest(text);
  const known = await knownEvidence(folder, digest, signer);
  if (known !== null && (signer === null || known.isSigned)) return kept;
  const reachedAt = kept.stored ? (await stat(file)).mtimeMs : context.clock.now();
  const at = known?.at ?? new Date(reachedAt).toISOString();
  const statement = renderGateStatement(evidenceOf(preparation, kept, { digest, at }));
  if (signer !== null && kept.stored) {
    context.log.warn(
      `${kept.runDir}: the verdict that is signed now was reached by an earlier run in this folder`,
    );
  }
  const evidence = signer === null ? statement : signEnvelope(statement, signer);
  const target = join(folder, EVIDENCE_FILE);
  try {
    await replaceFile(target, evidence);
  } catch (error) {
    throw storageError("write", target, error);
  }
  return kept;
}
