import { GateError } from "../../domain/errors.ts";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { renderConsole } from "../../report/console.ts";
import { renderJson } from "../../report/json.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { gatePrompt, gateResult } from "../gate/gate-prompt.ts";
import { planLines } from "../gate/plan-text.ts";
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
      for (const line of await planLines(scope, preparation)) context.log.info(line);
      results.push(await gatePrompt(scope, preparation, settings));
    } finally {
      await preparation.close();
    }
  }
  const result = gateResult(results);
  context.print(options.json ? renderJson(result) : renderConsole(result, context.terminal));
  await writeReports(result, options.output, context.cwd);
  return result.exitCode as ExitCode;
}
