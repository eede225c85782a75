import type { Assertion, CheckClass } from "../../domain/case.ts";
import type { GateSettings, PromptProject } from "../../domain/project.ts";
import type { MetricKind, MetricRule } from "../../domain/scores.ts";
import { classOf } from "../../evals/checks/index.ts";

const MEASURES = ["latency", "cost", "tokens"] as const;
const DEFAULT_ALPHA = 0.05;

function ruleOf(name: string, kind: MetricKind, settings: GateSettings | undefined): MetricRule {
  const isMeasure = kind !== "check" && kind !== "judge";
  return {
    name,
    kind,
    // Quality is guarded unless the user says otherwise; time and money only where the user asks for it.
    level: settings?.level ?? (isMeasure ? "off" : "error"),
    margin: settings?.margin ?? null,
    maxIncrease: settings?.maxIncrease ?? null,
    min: settings?.min ?? null,
    max: settings?.max ?? null,
    alphaMiss: settings?.alphaMiss ?? DEFAULT_ALPHA,
    alphaBlock: settings?.alphaBlock ?? DEFAULT_ALPHA,
  };
}

/**
 * One rule for every metric that the tier's policy asks for, in the order: checks, judges, time and money.
 * `caseAssertions` are those that cases bring along.
 */
export function metricRules(
  prompt: Pick<PromptProject, "assert" | "judges" | "gates">,
  caseAssertions: readonly Pick<Assertion, "type" | "metric">[],
  required: readonly CheckClass[],
): MetricRule[] {
  const checked = [...prompt.assert, ...caseAssertions]
    .filter(({ type }) => classOf(type) === "deterministic")
    .map(({ metric }) => metric);
  const names: [string, MetricKind][] = [
    ...(required.includes("deterministic") ? [...new Set(checked)] : []).map((name): [string, MetricKind] => [
      name,
      "check",
    ]),
    ...(required.includes("judge") ? prompt.judges : []).map(({ name }): [string, MetricKind] => [
      name,
      "judge",
    ]),
    ...MEASURES.map((name): [string, MetricKind] => [name, name]),
  ];
  return names.map(([name, kind]) => ruleOf(name, kind, prompt.gates[name]));
}
