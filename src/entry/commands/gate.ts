import type { PromptGateResult } from "../../domain/gate-result.ts";
import { renderConsole } from "../../report/console.ts";
import { renderJson } from "../../report/json.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { gatePrompt, gateResult } from "../gate/gate-prompt.ts";
import { planLines } from "../gate/plan-text.ts";
import { prepareGate, type GateSelection } from "../gate/prepare.ts";
import type { RunSettings } from "../gate/run-plan.ts";
import { openScopes } from "../gate/scopes.ts";
import { checkReportFiles, writeReports } from "../write-report.ts";
import { runPlan } from "./plan.ts";

export interface GateOptions extends CommonOptions, GateSelection, RunSettings {
  readonly prompts: readonly string[];
  readonly output: readonly string[];
  readonly dryRun: boolean;
}

/** `gate`: evaluates candidate and baseline of each prompt, decides, and writes reports. */
export async function runGate(context: CommandContext, options: GateOptions): Promise<ExitCode> {
  checkReportFiles(options.output);
  if (options.dryRun) return runPlan(context, options);
  const results: PromptGateResult[] = [];
  for (const scope of await openScopes(context, options)) {
    const preparation = await prepareGate(scope);
    try {
      for (const line of await planLines(scope, preparation)) context.log.info(line);
      results.push(await gatePrompt(scope, preparation, options));
    } finally {
      await preparation.close();
    }
  }
  const result = gateResult(results);
  context.print(options.json ? renderJson(result) : renderConsole(result, context.terminal));
  await writeReports(result, options.output, context.cwd);
  return result.exitCode as ExitCode;
}
