import type { MetricResult } from "../domain/scores.ts";
import { floorSize, minimumDetectableDrop, nonInferioritySize } from "../stats/planning.ts";
import { isCostLike } from "./claims.ts";
import type { JudgedClaim, MetricLook } from "./evaluate.ts";
import {
  increase,
  level,
  percent,
  pointAdjective,
  pointRange,
  points,
  score,
  signed,
  units,
} from "./format.ts";
import { claimBounds } from "./metric-result.ts";

/** A metric's look and its figures, as the sentences need them. */
export interface Worded {
  readonly look: MetricLook;
  readonly figures: Omit<MetricResult, "reason">;
  readonly clustered: boolean;
  /** Units of the whole dataset. */
  readonly available: number;
}

function sure(alpha: number): string {
  return `${percent(1 - alpha)} sure`;
}

/** `after 147 of 805 cases`. */
function after({ look, available, clustered }: Worded): string {
  return look.count === available
    ? `on ${units(available, clustered)}`
    : `after ${look.count} of ${units(available, clustered)}`;
}

function interval({ figures }: Worded): string {
  const { kind, interval } = figures;
  if (interval === null) return "no interval";
  const confidence = percent(interval.level);
  return isCostLike(kind)
    ? `${confidence} interval ${signed(interval.low * 100)} % to ${signed(interval.high * 100)} %`
    : `${confidence} interval ${pointRange(interval.low, interval.high)}`;
}

/** The limit of a constant with what the data say of the candidate's own level. */
function constantSentence(worded: Worded, judged: JudgedClaim): string {
  const { look, figures } = worded;
  const { rule } = look;
  const own = figures.candidate === null ? "not measured" : level(rule.kind, figures.candidate);
  if (judged.claim.kind === "ceiling") {
    const limit = level(rule.kind, rule.max ?? 0);
    const words = { pass: "is below", fail: "is above", open: "is not shown to be below" };
    return `${own} ${words[judged.outcome]} the maximum of ${limit} (${after(worded)})`;
  }
  const min = rule.min ?? 0;
  const { low, high } = claimBounds(judged);
  const range = `between ${score(Math.max(0, min + low))} and ${score(Math.min(1, min + high))} (${after(worded)})`;
  const words = { pass: "holds", fail: "is missed", open: "is not certain" };
  return `the minimum of ${score(min)} ${words[judged.outcome]}: the mean is ${own}, ${range}`;
}

function failSentence(worded: Worded, judged: JudgedClaim): string {
  const { figures, look } = worded;
  const delta = figures.delta ?? 0;
  switch (judged.claim.kind) {
    case "baseline":
      return `worse than baseline by ${points(-delta)} (${interval(worded)}) ${after(worded)}`;
    case "increase":
      return `${increase(delta)} than baseline (${interval(worded)}) ${after(worded)}; at most ${percent(look.rule.maxIncrease ?? 0)} more is tolerated`;
    case "floor":
    case "ceiling":
      return constantSentence(worded, judged);
  }
}

function passSentence(worded: Worded, judged: JudgedClaim): string {
  const { figures, look } = worded;
  const delta = figures.delta ?? 0;
  switch (judged.claim.kind) {
    case "baseline": {
      const margin = figures.margin ?? 0;
      const ruledOut = `a drop of ${points(margin)} or more is ruled out (${sure(look.rule.alphaMiss)})`;
      return delta < -0.0005
        ? `${points(-delta)} lower ${after(worded)}, within tolerance: ${ruledOut}, a small drop is not`
        : `${delta > 0.0005 ? `${points(delta)} higher` : "no lower"} ${after(worded)}; ${ruledOut}`;
    }
    case "increase":
      return `${increase(delta)} than baseline; an increase of ${percent(look.rule.maxIncrease ?? 0)} or more is ruled out (${sure(look.rule.alphaMiss)}) ${after(worded)}`;
    case "floor":
    case "ceiling":
      return constantSentence(worded, judged);
  }
}

/** Units that would decide at the observed noise with 90 % power, towards the nearer of pass and fail. */
function unitsToDecide(judged: JudgedClaim, alphaMiss: number): number {
  const { claim, samples } = judged;
  const margin = claim.failAt - claim.passAt;
  const above = Math.min(samples.scored.mean, claim.failAt) - claim.passAt;
  const distance = Math.max(above, claim.failAt - samples.scored.mean, margin / 2);
  if (!(distance > 0)) return Number.POSITIVE_INFINITY;
  const input = { sigma: samples.scored.deviation, margin: Math.min(distance, 0.999), alphaMiss };
  const floor = margin > 0 ? floorSize(margin, alphaMiss) : 0;
  return Math.max(Math.ceil(nonInferioritySize(input, 0.9)), floor);
}

/** Two digits: what is an estimate should look like one. */
function about(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1);
  return Math.ceil(count / unit) * unit;
}

/** `To decide: about 270 cases at this noise level, or an 11-point margin.` */
function remedy(worded: Worded, judged: JudgedClaim): string {
  const { rule } = worded.look;
  const needed = unitsToDecide(judged, rule.alphaMiss);
  const options: string[] = [];
  if (Number.isFinite(needed)) {
    const count = about(Math.max(needed, worded.look.count + 1));
    options.push(`about ${units(count, worded.clustered)} at this noise level`);
  }
  if (judged.claim.kind === "baseline") {
    const noise = { sigma: judged.samples.scored.deviation, alphaMiss: rule.alphaMiss };
    const reachable = Math.ceil(100 * minimumDetectableDrop(noise, worded.available, 0.9) - 1e-9) / 100;
    if (reachable > -judged.claim.passAt && reachable <= 0.5) {
      options.push(`a margin of ${points(reachable)}`);
    }
  }
  return options.length === 0 ? "" : `; to decide: ${options.join(", or ")}`;
}

function openSentence(worded: Worded, judged: JudgedClaim): string {
  const { figures, look } = worded;
  const hint = remedy(worded, judged);
  const range = figures.interval;
  switch (judged.claim.kind) {
    case "baseline": {
      const margin = -judged.claim.passAt;
      if (margin <= 0)
        return "the baseline scores 0 everywhere, so there is no drop to rule out: check the metric";
      const seen = range === null ? "" : `anything from ${pointRange(range.low, range.high)} is possible`;
      return `difference ${signed((figures.delta ?? 0) * 100)} points, but ${after(worded)} ${seen}: a ${pointAdjective(margin)} drop cannot be ruled out${hint}`;
    }
    case "increase":
      return `${increase(figures.delta ?? 0)} than baseline (${interval(worded)}) ${after(worded)}: neither more nor less than ${percent(look.rule.maxIncrease ?? 0)} is certain${hint}`;
    case "floor":
    case "ceiling":
      return `${constantSentence(worded, judged)}${hint}`;
  }
}

/** How the missing scores could move the result: `worst case for the missing ones: -4.1 points`. */
function worstCase(worded: Worded): string {
  const judged = worded.look.claims.find(({ claim }) => claim.kind === "baseline");
  if (judged === undefined || worded.look.unscored === 0 || judged.samples.scored.size === 0) return "";
  return `; worst case for the missing ones: ${signed(judged.samples.worst.mean * 100)} points`;
}

function noClaim({ look }: Worded): string {
  const { rule, columns } = look;
  if (isCostLike(rule.kind)) {
    const without = rule.maxIncrease === null || columns.toBaseline !== null;
    return without
      ? "no maxIncrease and no max is set: reported only"
      : "without a baseline only a max can decide; set max for it, or promote a first version";
  }
  return "without a baseline only a min can decide; set min for it, or promote a first version";
}

/** One sentence on a metric without its name, with the figures that decided. */
export function metricReason(worded: Worded): string {
  const { claims, obstacles, verdict } = worded.look;
  const failed = claims.find(({ outcome }) => outcome === "fail");
  if (failed !== undefined) return failSentence(worded, failed);
  if (obstacles.length > 0) return `${obstacles.join("; ")}${worstCase(worded)}`;
  if (claims.length === 0) return noClaim(worded);
  if (verdict === "pass") return claims.map((judged) => passSentence(worded, judged)).join("; ");
  return claims
    .filter(({ outcome }) => outcome === "open")
    .map((judged) => openSentence(worded, judged))
    .join("; ");
}
