import { GateError } from "../../domain/errors.ts";
import type { GateResult, PromptGateResult } from "../../domain/gate-result.ts";
import type { Project } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import { pruneCallCache } from "../../evals/calls/cache-prune.ts";
import { renderConsole } from "../../report/console.ts";
import { renderJson } from "../../report/json.ts";
import { openBaseScopes } from "../base/base-scopes.ts";
import type { CommandContext } from "../context.ts";
import { errorExitCodes, type ExitCode } from "../exit-codes.ts";
import { exportRun, openExport } from "../export/export-runs.ts";
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
  /** The platform that takes runs and scores; true = the one that cases or versions are on. */
  readonly export?: string | true | undefined;
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

/** What a command gated, and whether all of it is where `--export` wants it. */
interface GatedPrompts {
  readonly results: PromptGateResult[];
  readonly isExported: boolean;
}

/** Gates one prompt after the other under one budget, keeps what each run showed, and exports it where asked to. */
export async function gateScopes(
  context: CommandContext,
  scopes: readonly GateScope[],
  options: GateOptions,
  signer: SigningKey | null,
): Promise<GatedPrompts> {
  const results: PromptGateResult[] = [];
  const [one] = scopes;
  const target =
    options.export === undefined || one === undefined
      ? null
      : await openExport(
          context,
          options.export,
          one.project,
          scopes.map(({ prompt }) => prompt),
        );
  let isExported = true;
  const settings = commandSettings(scopes, options);
  for (const scope of scopes) {
    const preparation = await prepareGate(scope);
    try {
      const result = await gatePrompt(scope, preparation, settings);
      const kept = await keepEvidence(scope, preparation, result, signer);
      results.push(kept);
      if (target === null) continue;
      const decided = { scope, preparation, result: kept, access: options };
      isExported = (await exportRun(target, decided)) && isExported;
    } finally {
      await preparation.close();
    }
  }
  if (one !== undefined && options.cache) await limitCache(context, one.project, results);
  return { results, isExported };
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
  if (shard !== null && options.export !== undefined) {
    throw new GateError("USAGE", "--export and --shard exclude each other", {
      hint: "a shard decides nothing: run gate --export once merge has decided, it repeats the verdict",
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
    const { results, isExported } = await gateScopes(context, opened.scopes, options, signer);
    const result = gateResult(results.map((each) => opened.present(each)));
    context.print(options.json ? renderJson(result) : consoleText(context, result, options));
    await writeReports(result, options.output, context.cwd);
    // A measured failure stays one; a pass that did not arrive everywhere must not look like a job well done.
    return isExported || result.exitCode !== 0
      ? (result.exitCode as ExitCode)
      : errorExitCodes.PLATFORM_FAILED;
  } finally {
    await opened.close();
  }
}
