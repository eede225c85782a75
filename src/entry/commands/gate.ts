import { GateError } from "../../domain/errors.ts";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import type { Project } from "../../domain/project.ts";
import { pruneCallCache } from "../../evals/calls/cache-prune.ts";
import { renderConsole } from "../../report/console.ts";
import { renderJson } from "../../report/json.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { prunedText } from "../gate/cache-text.ts";
import { gatePrompt, gateResult } from "../gate/gate-prompt.ts";
import { cacheFolder } from "../gate/open-models.ts";
import { prepareGate } from "../gate/prepare.ts";
import { openScopes } from "../gate/scopes.ts";
import { parseShard } from "../gate/shard-of.ts";
import { checkReportFiles, writeReports } from "../write-report.ts";
import { commandSettings, runShard, type ShardOptions } from "./gate-shard.ts";
import { runPlan } from "./plan.ts";

export interface GateOptions extends ShardOptions {
  readonly dryRun: boolean;
  /** `i/n`: evaluate this part of the cases and decide nothing. */
  readonly shard?: string | undefined;
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

/** `gate`: evaluates candidate and baseline of each prompt, decides, and writes reports. */
export async function runGate(context: CommandContext, options: GateOptions): Promise<ExitCode> {
  checkReportFiles(options.output);
  const shard = options.shard === undefined ? null : parseShard(options.shard);
  if (shard === null && options.shardOutput !== undefined) {
    throw new GateError("USAGE", "--shard-output goes with --shard", {
      hint: "--shard 1/8 --shard-output DIR",
    });
  }
  if (options.dryRun) return runPlan(context, options);
  if (shard !== null) return runShard(context, options, shard);
  const results: PromptGateResult[] = [];
  const scopes = await openScopes(context, options);
  const settings = commandSettings(scopes, options);
  for (const scope of scopes) {
    const preparation = await prepareGate(scope);
    try {
      results.push(await gatePrompt(scope, preparation, settings));
    } finally {
      await preparation.close();
    }
  }
  const [first] = scopes;
  if (first !== undefined && options.cache) await limitCache(context, first.project, results);
  const result = gateResult(results);
  context.print(options.json ? renderJson(result) : renderConsole(result, context.terminal));
  await writeReports(result, options.output, context.cwd);
  return result.exitCode as ExitCode;
}
