import { setImmediate } from "node:timers/promises";
import { GateError } from "../../domain/errors.ts";
import type { RunUsage } from "../../domain/gate-result.ts";
import { comparesOutputs } from "../../domain/rubric.ts";
import type { Tier } from "../../domain/tier.ts";
import { visibleLine } from "../../domain/visible.ts";
import { collectSamples, type CollectedSamples } from "../calibration/collect-samples.ts";
import {
  blockRate,
  countDraw,
  emptyTally,
  judgeHealth,
  type Health,
  type Tally,
} from "../calibration/health.ts";
import { renderHealth } from "../calibration/render-health.ts";
import { unchangedDraws, type UnchangedSamples } from "../calibration/unchanged-draws.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { prepareGate, type GateScope, type GateSelection, type Preparation } from "../gate/prepare.ts";
import { resolveBaseline } from "../gate/resolve-versions.ts";
import { progressOf } from "../gate/run-observer.ts";
import type { RunSettings } from "../gate/evaluation-run.ts";
import { openScopes } from "../gate/scopes.ts";

export interface AaOptions extends CommonOptions, RunSettings, Omit<GateSelection, "candidate" | "tier"> {
  readonly prompt: string;
  /** Whose policy the gate follows. */
  readonly tier: Tier;
  /** How often the version is put against itself. */
  readonly runs: number;
  /** Answers to each case; by default two more than two sides of a gate need. */
  readonly samples?: number | undefined;
}

const exitCodes = { healthy: 0, unhealthy: 1, unknown: 3 } as const satisfies Record<
  Health["verdict"],
  ExitCode
>;

/** The version on both sides, under the policy that a change of it would meet. */
async function openScope(context: CommandContext, options: AaOptions): Promise<GateScope> {
  const { prompt, baseline } = options;
  const selection = { ...options, candidate: baseline, prompts: [prompt] };
  const [scope] = await openScopes(context, selection);
  if (scope === undefined) throw new GateError("USAGE", "name the prompt to test");
  const version = await resolveBaseline({ cwd: context.cwd, ...scope }, baseline);
  if (version !== null) return scope;
  throw new GateError("BASELINE_MISSING", `prompt ${visibleLine(prompt)} has no version in production yet`, {
    hint: `promptgate publish ${visibleLine(prompt)} --label production, or name one: --baseline VERSION|LABEL|FILE`,
  });
}

function sampleCount({ samples }: AaOptions, { policy, outputs }: Preparation): number {
  const needed = 2 * policy.repeat;
  if (outputs.baseline !== undefined) {
    throw new GateError(
      "USAGE",
      "--outputs baseline=… is for two versions: here one file holds the samples of one",
    );
  }
  // With no more than needed, every draw has the same cases that differ, and the rate is that of their number alone.
  if (samples === undefined) return needed + 2;
  if (outputs.candidate !== undefined) {
    throw new GateError(
      "USAGE",
      "--samples and --outputs exclude each other: the file says how many there are",
    );
  }
  if (samples >= needed) return samples;
  throw new GateError(
    "USAGE",
    `--samples ${samples} are too few: two sides of ${policy.repeat} need ${needed}`,
  );
}

/** What draws are made of: cases with enough samples, and the rules that one version alone can be held to. */
function testedGate(
  { entries, rules, rubrics, policy, run }: Preparation,
  { byCase }: CollectedSamples,
): UnchangedSamples & { readonly warnings: readonly string[] } {
  const needed = 2 * policy.repeat;
  const usable = entries.filter(({ id }) => (byCase.get(id)?.length ?? 0) >= needed);
  const compared = new Set(rubrics.filter(comparesOutputs).map(({ name }) => name));
  const missing = entries.length - usable.length;
  const critical = usable.filter((entry) => entry.critical).length;
  if (usable.length === 0) {
    throw new GateError("INCOMPATIBLE", `no case has ${needed} samples, which two sides need`, {
      hint: "write several outputs of each case to the file, with sample: 0, 1, …",
    });
  }
  return {
    entries: usable,
    samples: byCase,
    rules: rules.filter(({ name }) => !compared.has(name)),
    sigma: run.header.sigma,
    repeat: policy.repeat,
    seed: run.header.seed,
    warnings: [
      ...(missing === 0
        ? []
        : [`${missing} of ${entries.length} cases have fewer than ${needed} samples and are left out`]),
      ...Array.from(
        compared,
        (name) => `${visibleLine(name, 64)} compares two outputs and is no part of this test`,
      ),
      ...(critical === 0
        ? []
        : ["critical cases are held to their scores only: a hard break is no part of this test"]),
    ],
  };
}

async function drawMany(context: CommandContext, gate: UnchangedSamples, runs: number): Promise<Tally> {
  const tally = emptyTally();
  const progress = progressOf({ context, total: runs });
  try {
    for (const draw of unchangedDraws(gate)) {
      countDraw(tally, draw);
      progress.advance(1, "draws");
      if (tally.runs >= runs) break;
      // Lets Ctrl-C in: a draw takes milliseconds and there are many.
      await setImmediate();
      context.signal.throwIfAborted();
    }
  } finally {
    progress.done();
  }
  return tally;
}

async function testGate(
  scope: GateScope,
  preparation: Preparation,
  options: AaOptions,
): Promise<{ readonly health: Health; readonly usage: RunUsage }> {
  const samples = sampleCount(options, preparation);
  const collected = await collectSamples(scope, preparation, options, samples);
  const { warnings, ...gate } = testedGate(preparation, collected);
  const tally = await drawMany(scope.context, gate, options.runs);
  const { candidate, warnings: known } = preparation;
  const { deterministic, byCase, usage } = collected;
  const health: Health = {
    schema: "promptgate/aa@1",
    ...judgeHealth(tally, deterministic),
    warnings: [...known, ...warnings],
    prompt: scope.prompt.name,
    version: candidate.source.version,
    digest: candidate.digest,
    cases: gate.entries.length,
    samples: Math.min(...gate.entries.map(({ id }) => byCase.get(id)?.length ?? 0)),
    runs: tally.runs,
    nominal: tally.nominal,
    falseBlock: blockRate(tally),
    passRate: tally.passed / tally.runs,
    averageCases: tally.cases / tally.runs,
    metrics: [...tally.metrics.values()],
    deterministic,
    seed: gate.seed,
  };
  return { health, usage };
}

/** `aa`: how often the gate blocks a version that did not change. 0 = healthy, 1 = it blocks too often, 3 = cannot tell. */
export async function runAa(context: CommandContext, options: AaOptions): Promise<ExitCode> {
  const scope = await openScope(context, options);
  const preparation = await prepareGate(scope);
  try {
    const { health, usage } = await testGate(scope, preparation, options);
    const exitCode = exitCodes[health.verdict];
    context.print(
      options.json
        ? `${JSON.stringify({ ...health, exitCode, usage }, null, 2)}\n`
        : renderHealth(health, context.terminal),
    );
    return exitCode;
  } finally {
    await preparation.close();
  }
}
