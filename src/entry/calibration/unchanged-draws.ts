import type { MetricResult, MetricRule, ScoreRow, VerdictKind } from "../../domain/scores.ts";
import { decideGate } from "../../gate/decide.ts";
import { caseOrder, type PlanEntry } from "../../gate/order.ts";
import { planGate } from "../../gate/plan.ts";
import { seededRandom, shuffled, type Random } from "../../stats/random.ts";

/** Samples of one version, and the gate that is put to the test with them. */
export interface UnchangedSamples {
  readonly entries: readonly PlanEntry[];
  /** By case, at least twice `repeat` of each. */
  readonly samples: ReadonlyMap<string, readonly ScoreRow[]>;
  readonly rules: readonly MetricRule[];
  /** Noise that the gate plans with. */
  readonly sigma: Readonly<Record<string, number>>;
  /** Samples that the gate averages for either side. */
  readonly repeat: number;
  readonly seed: number;
}

/** What the gate said of one version against itself. */
export interface UnchangedDraw {
  readonly verdict: VerdictKind;
  readonly metrics: readonly MetricResult[];
  /** Cases that were looked at. */
  readonly cases: number;
}

function sideRows(rows: readonly ScoreRow[]): ScoreRow[] {
  return rows.map((row, sample) => ({ ...row, sample }));
}

/** Deals different samples of each case to either side. */
function deal(
  { entries, samples, repeat }: UnchangedSamples,
  random: Random,
): { readonly baseline: ScoreRow[]; readonly candidate: ScoreRow[] } {
  const baseline: ScoreRow[] = [];
  const candidate: ScoreRow[] = [];
  for (const { id } of entries) {
    const mixed = shuffled(samples.get(id) ?? [], random);
    baseline.push(...sideRows(mixed.slice(0, repeat)));
    candidate.push(...sideRows(mixed.slice(repeat, 2 * repeat)));
  }
  return { baseline, candidate };
}

/**
 * Draws without end: each deals the samples anew to "baseline" and "candidate" and lets the gate decide in a fresh order
 * of the cases. Both sides come from one version, so every FAIL against the baseline is a false one.
 */
export function* unchangedDraws(input: UnchangedSamples): Generator<UnchangedDraw, never, undefined> {
  const { entries, rules, sigma, seed } = input;
  const random = seededRandom(seed);
  const plan = planGate({ entries, rules, sigma, seed, sequential: true });
  const last = plan.looks.length - 1;
  for (;;) {
    const { order, unitSizes } = caseOrder(entries, Math.floor(random() * 2 ** 48));
    const decision = decideGate({ ...plan, order, unitSizes }, last, deal(input, random), rules);
    if (decision.kind === "continue") throw new RangeError("the last look of a plan decides");
    const units = plan.looks[decision.look]?.units ?? 0;
    const cases = unitSizes.slice(0, units).reduce((sum, size) => sum + size, 0);
    yield { verdict: decision.verdict, metrics: decision.metrics, cases };
  }
}
