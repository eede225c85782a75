import { GateError } from "../../domain/errors.ts";
import type { GateResult, PromptGateResult } from "../../domain/gate-result.ts";
import type { Project } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import { pruneCallCache } from "../../evals/calls/cache-prune.ts";
import { renderConsole } from "../../report/console.ts";
import { renderJson } from "../../report/json.ts";
import { openBaseScopes } from "../base/base-scopes.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { prunedText } from "../gate/cache-text.ts";
import { gatePrompt, gateResult } from "../gate/gate-prompt.ts";
import { keepEvidence } from "../gate/keep-evidence.ts";
import { cacheFolder } from "../gate/open-models.ts";
import { prepareGate, type GateScope } from "../gate/prepare.ts";
import { parseShard } from "../gate/shard-of.ts";
import type { SigningKey } from "../../evidence/keys.ts";
import { evidenceKey } from "../promotion/signing-key.ts";
import { checkReportFiles, writeReports } from "../write-report.ts";
import { commandSettings, runShard, type ShardOptions } from "./gate-shard.ts";
import { runPlan } from "./plan.ts";

export interface GateOptions extends ShardOptions {
  readonly dryRun: boolean;
  /** `i/n`: evaluate this part of the cases and decide nothing. */
  readonly shard?: string | undefined;
  /** A file with a private key that signs the evidence. */
  readonly sign?: string | undefined;
  /** A git revision: its rules count, and only prompts that changed since are gated. */
  readonly base?: string | undefined;
}

/** Stored answers of the baseline live in the cache; a recording must be whole without it. */
function sharesAnswers({ cache, record, replay }: GateOptions): boolean {
  return cache && record === undefined && replay === undefined;
}

/** Keeps the cache within the config's size where the command added to it. */
async function limitCache(
  context: CommandContext,
  { root, cache: { maxBytes } }: Project,
  results: readonly PromptGateResult[],
): Promise<void> {
  const grew = results.some(({ stored, usage }) => !stored && usage.calls > 0);
  if (maxBytes === null || !grew) return;
  const limits = { maxBytes, maxAgeMs: null };
  try {
    const pruned = await pruneCallCache(cacheFolder(root), limits, context.clock.now());
    if (pruned.removed.bytes > 0) context.log.info(`the call cache was over its size: ${prunedText(pruned)}`);
  } catch (error) {
    // The verdict stands; a cache that is too large costs only room.
    if (!(error instanceof GateError)) throw error;
    context.log.warn(error.message);
  }
}

/** Gates one prompt after the other under one budget, and keeps what each run showed. */
export async function gateScopes(
  context: CommandContext,
  scopes: readonly GateScope[],
  options: GateOptions,
  signer: SigningKey | null,
): Promise<PromptGateResult[]> {
  const results: PromptGateResult[] = [];
  const settings = commandSettings(scopes, options);
  for (const scope of scopes) {
    const preparation = await prepareGate(scope);
    try {
      const result = await gatePrompt(scope, preparation, settings);
      results.push(await keepEvidence(scope, preparation, result, signer));
    } finally {
      await preparation.close();
    }
  }
  const [first] = scopes;
  if (first !== undefined && options.cache) await limitCache(context, first.project, results);
  return results;
}

function consoleText(context: CommandContext, result: GateResult, { base }: GateOptions): string {
  return result.prompts.length === 0
    ? `Verdict: pass (exit code 0): no prompt changed since ${visibleLine(base ?? "")}; no model was called`
    : renderConsole(result, context.terminal);
}

/** `gate`: evaluates candidate and baseline of each prompt, decides, and writes reports and evidence. */
export async function runGate(context: CommandContext, options: GateOptions): Promise<ExitCode> {
  checkReportFiles(options.output);
  // Before anything is paid for: a key that cannot sign is no reason to run twice.
  const signer = await evidenceKey(context, options.sign);
  const shard = options.shard === undefined ? null : parseShard(options.shard);
  if (shard === null && options.shardOutput !== undefined) {
    throw new GateError("USAGE", "--shard-output goes with --shard", {
      hint: "--shard 1/8 --shard-output DIR",
    });
  }
  if (shard !== null && options.base !== undefined) {
    throw new GateError("USAGE", "--base and --shard exclude each other", {
      hint: "gate with --base on one machine",
    });
  }
  if (options.dryRun) return runPlan(context, options);
  if (shard !== null) return runShard(context, options, shard);
  const opened = await openBaseScopes(context, { ...options, storedSamples: sharesAnswers(options) });
  try {
    const results = await gateScopes(context, opened.scopes, options, signer);
    const result = gateResult(results.map((each) => opened.present(each)));
    context.print(options.json ? renderJson(result) : consoleText(context, result, options));
    await writeReports(result, options.output, context.cwd);
    return result.exitCode as ExitCode;
  } finally {
    await opened.close();
  }
}
