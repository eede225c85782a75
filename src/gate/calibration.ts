import type { AgreementFigures, CalibrationDemand } from "../domain/calibration.ts";
import type { MetricRule } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import { judgedMargin } from "../stats/judge-correction.ts";
import { percent, points, score } from "./format.ts";

/** What a judge must reach before its metric may decide. */
const FLOOR = {
  labels: 100,
  rarerClass: 30,
  recallLow: 0.7,
  kappa: 0.6,
  consistency: 0.8,
  flips: 0.1,
  unscored: 0.02,
} as const;

/** Figures that are computed from counts miss a round floor by the last bit. */
const ROUNDING = 1e-9;

function isBelow(value: number, floor: number): boolean {
  return value < floor - ROUNDING;
}

/** `41.5` of what should be at least `100`. */
function whole(value: number): string {
  return String(Number(value.toFixed(1)));
}

function labelObstacles({ n, positives, negatives, unscored }: AgreementFigures): string[] {
  const rarer = Math.min(positives, negatives);
  return [
    ...(isBelow(n, FLOOR.labels) ? [`${whole(n)} labels are too few: ${FLOOR.labels} are needed`] : []),
    ...(isBelow(rarer, FLOOR.rarerClass)
      ? [`${whole(rarer)} labels of the rarer kind are too few: ${FLOOR.rarerClass} are needed`]
      : []),
    ...(isBelow(FLOOR.unscored, unscored / n)
      ? [
          `${whole(unscored)} of ${whole(n)} labels have no usable answer; the limit is ${percent(FLOOR.unscored)}`,
        ]
      : []),
  ];
}

function recallObstacle(name: string, share: AgreementFigures["sensitivity"]): string[] {
  if (share === null) return [`${name} was not measured`];
  if (!isBelow(share.low, FLOOR.recallLow)) return [];
  return [
    `${name} may be as low as ${score(share.low)} (observed ${score(share.value)}): below ${score(FLOOR.recallLow)}`,
  ];
}

function kappaObstacle({ kappa, weightedKappa }: AgreementFigures): string[] {
  const [name, value] = weightedKappa === null ? ["kappa", kappa] : ["weighted kappa", weightedKappa];
  if (value === null) return ["kappa was not measured: only one grade occurs"];
  return isBelow(value, FLOOR.kappa) ? [`${name} ${score(value)} is below ${score(FLOOR.kappa)}`] : [];
}

function orderObstacle({ order }: AgreementFigures): string[] {
  if (order === null) return [];
  if (order.consistency === null) return ["order consistency was not measured"];
  if (!isBelow(order.consistency, FLOOR.consistency)) return [];
  return [`order consistency ${score(order.consistency)} is below ${score(FLOOR.consistency)}`];
}

function retestObstacle({ retest }: AgreementFigures): string[] {
  if (retest === null) return ["test-retest was not measured: each output was judged once"];
  const share = retest.flips / retest.comparisons;
  return isBelow(FLOOR.flips, share)
    ? [`${percent(share)} of repeated answers differ; the limit is ${percent(FLOOR.flips)}`]
    : [];
}

/** Why a judge with these figures may not decide, one sentence each; none = it is admitted. A missing figure is a reason. */
export function admissionObstacles(figures: AgreementFigures): string[] {
  return [
    ...labelObstacles(figures),
    ...recallObstacle("sensitivity", figures.sensitivity),
    ...recallObstacle("specificity", figures.specificity),
    ...kappaObstacle(figures),
    ...orderObstacle(figures),
    ...retestObstacle(figures),
  ];
}

/** What is known of the judge of one metric. `stale`: the record is of another model, rubric or version of the judge. */
export type JudgeEvidence =
  | { readonly kind: "missing" }
  | { readonly kind: "unusable"; readonly reason: string }
  | { readonly kind: "stale" }
  | { readonly kind: "measured"; readonly figures: AgreementFigures };

/** A metric's judge, and whether its gate asks for a margin that allows for the judge's errors. */
export interface JudgeStanding {
  readonly evidence: JudgeEvidence;
  readonly adjustMargin: boolean;
}

/** Why the judge is not admitted, or null. */
function shortfall(evidence: JudgeEvidence): string | null {
  switch (evidence.kind) {
    case "missing":
      return "its judge was never compared with people's labels";
    case "unusable":
      return `its calibration record cannot be used: ${evidence.reason}`;
    case "stale":
      return "its judge has changed since it was compared with people's labels";
    case "measured": {
      const [first, ...others] = admissionObstacles(evidence.figures);
      if (first === undefined) return null;
      return `its judge is below the floor: ${first}${others.length > 0 ? `, and ${others.length} more` : ""}`;
    }
  }
}

interface Ruled {
  readonly rule: MetricRule;
  readonly warnings: readonly string[];
}

function withDemand(rule: MetricRule, demand: CalibrationDemand, evidence: JudgeEvidence): Ruled {
  const reason = demand === "off" || rule.level !== "error" ? null : shortfall(evidence);
  if (reason === null) return { rule, warnings: [] };
  const name = visibleLine(rule.name, 64);
  const remedy = `promptgate judge calibrate ${name}`;
  return demand === "required"
    ? {
        rule: { ...rule, level: "warn" },
        warnings: [`${name} is advisory: the policy demands a calibrated judge, and ${reason} (${remedy})`],
      }
    : { rule, warnings: [`${name}: ${reason} (${remedy})`] };
}

/** A judge's errors shrink every true drop, so that the same drop must be looked for within a smaller margin. */
function withMargin(rule: MetricRule, { evidence, adjustMargin }: JudgeStanding): Ruled {
  if (!adjustMargin || rule.margin === null || rule.level === "off") return { rule, warnings: [] };
  const name = visibleLine(rule.name, 64);
  const figures = evidence.kind === "measured" ? evidence.figures : null;
  const { sensitivity = null, specificity = null } = figures ?? {};
  if (sensitivity === null || specificity === null || sensitivity.value + specificity.value <= 1) {
    const reason = figures === null ? shortfall(evidence) : "its judge is no better than chance";
    return { rule, warnings: [`${name}: the margin is not adjusted for the judge's errors: ${reason}`] };
  }
  const margin = judgedMargin(rule.margin, {
    sensitivity: sensitivity.value,
    specificity: specificity.value,
  });
  const warning = `${name}: the margin of ${points(rule.margin)} is ${points(margin)} on this judge's scores, which show ${percent(margin / rule.margin)} of a true drop`;
  return { rule: { ...rule, margin }, warnings: [warning] };
}

/** The rules after calibration had its say: judged metrics may become advisory or get a smaller margin, and it is said. */
export function calibratedRules(
  rules: readonly MetricRule[],
  judges: ReadonlyMap<string, JudgeStanding>,
  demand: CalibrationDemand,
): { readonly rules: readonly MetricRule[]; readonly warnings: readonly string[] } {
  const ruled = rules.map((rule): Ruled => {
    const standing = rule.kind === "judge" ? judges.get(rule.name) : undefined;
    if (standing === undefined) return { rule, warnings: [] };
    const demanded = withDemand(rule, demand, standing.evidence);
    const adjusted = withMargin(demanded.rule, standing);
    return { rule: adjusted.rule, warnings: [...demanded.warnings, ...adjusted.warnings] };
  });
  return { rules: ruled.map(({ rule }) => rule), warnings: ruled.flatMap(({ warnings }) => warnings) };
}
