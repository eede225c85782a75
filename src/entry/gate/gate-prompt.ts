import { existsSync } from "node:fs";
import { join } from "node:path";
import { readGateResult } from "../../config/gate-result-file.ts";
import type { GateResult, PromptGateResult } from "../../domain/gate-result.ts";
import { canonicalJson } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { ScoreRow, VerdictKind } from "../../domain/scores.ts";
import { verdictExitCodes } from "../exit-codes.ts";
import { createOnce } from "../../files/create-once.ts";
import { replaceFile } from "../../files/replace-file.ts";
import { storageError } from "../../files/storage.ts";
import { pendingBatches } from "./batch-pending.ts";
import { checkBatchFlags } from "./batch-rules.ts";
import { assembleResult, emptyResult } from "./assemble-result.ts";
import { measuredSigma } from "./measured-noise.ts";
import { planLines } from "./plan-text.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import type { RunSettings } from "./evaluation-run.ts";
import { runGatePlan, type GateRun } from "./run-plan.ts";

/** One document for one or several prompts: the worst verdict counts. */
export function gateResult(prompts: readonly PromptGateResult[]): GateResult {
  const verdicts = new Set(prompts.map(({ verdict }) => verdict));
  const verdict: VerdictKind = verdicts.has("fail")
    ? "fail"
    : verdicts.has("inconclusive")
      ? "inconclusive"
      : "pass";
  return { schema: "promptgate/gate-result@1", verdict, exitCode: verdictExitCodes[verdict], prompts };
}

/** A verdict that needs no model: a violated policy, a failed static check, or nothing that changed. */
export function verdictWithoutCalls(scope: GateScope, preparation: Preparation): PromptGateResult | null {
  const { tier, staticFailures, candidate, baseline } = preparation;
  const empty = { ...emptyResult(scope, preparation), plan: null };
  if (tier.violation !== null) {
    return { ...empty, verdict: "fail", headline: tier.violation, reasons: [`tier: ${tier.violation}`] };
  }
  if (staticFailures.length > 0) {
    const headline = "A check of the prompt itself fails; no model was called.";
    return { ...empty, verdict: "fail", headline, reasons: staticFailures };
  }
  if (baseline !== null && candidate.digest === baseline.digest) {
    const headline = `Nothing changed: the candidate behaves like version ${baseline.source.version}, which is the baseline. No model was called.`;
    return {
      ...empty,
      verdict: "pass",
      headline,
      reasons: ["the digests of candidate and baseline are equal"],
    };
  }
  return null;
}

/** A result that was copied or moved here must not pass for this candidate's. */
function answersQuestion(result: PromptGateResult, { candidate, baseline, digests }: Preparation): boolean {
  return (
    result.candidate.digest === candidate.digest &&
    (result.baseline?.digest ?? null) === (baseline?.digest ?? null) &&
    canonicalJson(result.digests) === canonicalJson(digests)
  );
}

/**
 * The verdict that an earlier run of the same question drew. One that lacked answers is not final: the run goes on where
 * answers are missing.
 */
export async function storedVerdict(preparation: Preparation): Promise<PromptGateResult | null> {
  const file = join(preparation.run.absolutePath, "result.json");
  if (!existsSync(file)) return null;
  const [result] = (await readGateResult(file)).prompts;
  if (result === undefined) return null;
  if (!answersQuestion(result, preparation)) {
    throw new GateError("STORAGE_FAILED", `${preparation.run.path}/result.json belongs to another run`, {
      hint: "delete the run's folder and gate again",
    });
  }
  const isFinal = result.verdict !== "inconclusive" || result.unscored.length === 0;
  return isFinal ? { ...result, stored: true } : null;
}

function* scoreLines(rows: readonly ScoreRow[]): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

async function keepFile(path: string, text: string | Iterable<string>): Promise<void> {
  try {
    await replaceFile(path, text);
  } catch (error) {
    throw storageError("write", path, error);
  }
}

/** Keeps what a run showed in its folder and returns the verdict that stands. */
export async function keepRun(
  preparation: Preparation,
  run: GateRun,
  result: PromptGateResult,
): Promise<PromptGateResult> {
  const folder = preparation.run.absolutePath;
  await keepFile(join(folder, "baseline", "scores.jsonl"), scoreLines(run.rows.baseline));
  await keepFile(join(folder, "candidate", "scores.jsonl"), scoreLines(run.rows.candidate));
  const noise = {
    schema: "promptgate/noise@1",
    sigma: measuredSigma(preparation.rules, run.rows),
    outputTokens: run.outputTokens,
  };
  await keepFile(join(folder, "noise.json"), `${JSON.stringify(noise, null, 2)}\n`);
  // Last: a result that is there stands for a run that is whole.
  const file = join(folder, "result.json");
  const text = `${JSON.stringify(gateResult([result]), null, 2)}\n`;
  if (await createOnce(file, text)) return result;
  // Of two gates that asked the same question at once the first one's verdict stands.
  const earlier = await storedVerdict(preparation);
  if (earlier !== null) return earlier;
  await keepFile(file, text);
  return result;
}

/** What batches answer before the run begins. */
async function inBatches(
  scope: GateScope,
  preparation: Preparation,
  settings: RunSettings,
): Promise<Pick<RunSettings, "prefilled">> {
  if (settings.batch === true) {
    const { prefillRun } = await import("./batch.ts");
    return { prefilled: await prefillRun({ scope, preparation, settings }) };
  }
  const pending = await pendingBatches(preparation.run);
  if (pending !== null) scope.context.log.warn(`${scope.prompt.name}: ${pending}`);
  return {};
}

/** Gates one prompt: repeats a stored verdict, or evaluates and keeps the run. */
export async function gatePrompt(
  scope: GateScope,
  preparation: Preparation,
  settings: RunSettings,
): Promise<PromptGateResult> {
  checkBatchFlags(settings);
  const early = verdictWithoutCalls(scope, preparation);
  if (early !== null) return early;
  const stored = await storedVerdict(preparation);
  if (stored !== null && settings.record === undefined) return stored;
  for (const line of await planLines(scope, preparation)) scope.context.log.info(line);
  const prefilled = await inBatches(scope, preparation, settings);
  return runGatePlan(scope, preparation, { ...settings, ...prefilled }, async (run) => {
    // The run went on for its recording alone.
    if (stored !== null) return stored;
    const result = await assembleResult(scope, preparation, run);
    return keepRun(preparation, run, result);
  });
}
