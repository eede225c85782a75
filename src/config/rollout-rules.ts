import type { Problem } from "../domain/problem.ts";
import { FULL_WEIGHT } from "../domain/release.ts";
import type { RolloutMetric, RolloutStep, RolloutStrategy } from "../domain/rollout.ts";
import { TIERS } from "../domain/tier.ts";
import { visibleLine } from "../domain/visible.ts";
import type { WrittenConfig, WrittenPrompt } from "./config-schema.ts";
import { suggestion } from "./known-keys.ts";
import { mergePolicies } from "./policies.ts";
import { rolloutStrategy } from "./rollout-strategy.ts";
import { problemAt, type Path, type SourceDocument } from "./source-document.ts";

/** The part of the config that rollouts depend on. */
export interface WrittenRollouts extends Pick<WrittenConfig, "rollout" | "policies"> {
  readonly prompts: Readonly<Record<string, Pick<WrittenPrompt, "rollout">>>;
}

/** A message and where it belongs, below the `rollout` that is looked at. */
interface Fault {
  readonly path: Path;
  readonly message: string;
}

function hours(milliseconds: number): string {
  return `${Number((milliseconds / 3_600_000).toFixed(1))}h`;
}

/** Why a step cannot last as long as the config says, at `maxSoak`; null = it can. */
function soakFault(step: RolloutStep, strategy: RolloutStrategy): string | null {
  const { minSoakMs, maxSoakMs } = step;
  if (maxSoakMs === null) return null;
  if (maxSoakMs < minSoakMs) return `expected at least minSoak, ${hours(minSoakMs)}`;
  const { bucketMs, settleDelayMs, inconclusive } = strategy;
  const least = minSoakMs + settleDelayMs + 2 * bucketMs;
  if (inconclusive.outcome === "hold" || maxSoakMs + inconclusive.graceMs >= least) return null;
  return `expected ${hours(least)} together with onInconclusive.grace: before that the last hours are not closed, and the step would always end the rollout`;
}

function stepFaults(strategy: RolloutStrategy): Fault[] {
  const { steps, bucketMs } = strategy;
  const seen = new Set<string>();
  return steps.flatMap((step, index) => {
    const path: Path = ["steps", index];
    const last = index === steps.length - 1;
    const before = steps[index - 1]?.weight ?? -1;
    const faults: Fault[] = [];
    if (seen.has(step.name)) faults.push({ path: [...path, "name"], message: "another step has this name" });
    seen.add(step.name);
    if (step.weight <= before) {
      faults.push({
        path: [...path, "weight"],
        message: "expected a larger weight than that of the step before",
      });
    }
    if (last && step.weight !== FULL_WEIGHT) {
      faults.push({ path: [...path, "weight"], message: "expected 100% for the last step" });
    }
    const soak = soakFault(step, strategy);
    if (soak !== null) faults.push({ path: [...path, "maxSoak"], message: soak });
    if (step.minSoakMs < bucketMs) {
      const message = `expected at least one bucket, ${hours(bucketMs)}`;
      faults.push({ path: [...path, "minSoak"], message });
    }
    if (step.holdback > 0 && step.weight !== FULL_WEIGHT) {
      faults.push({ path: [...path, "holdback"], message: "expected holdback only at 100%" });
    }
    if (step.holdback > FULL_WEIGHT / 2) {
      faults.push({ path: [...path, "holdback"], message: "expected at most 50%" });
    }
    return faults;
  });
}

function metricFaults(metrics: readonly RolloutMetric[]): Fault[] {
  const seen = new Set<string>();
  return metrics.flatMap((metric, index) => {
    const path: Path = ["metrics", index];
    const faults: Fault[] = [];
    if (seen.has(metric.name))
      faults.push({ path: [...path, "name"], message: "another metric has this name" });
    seen.add(metric.name);
    if (metric.harmAt > metric.margin) {
      faults.push({ path: [...path, "harmAt"], message: `expected at most margin, ${metric.margin}` });
    }
    if (metric.kind === "proportion" && metric.transform === "ln") {
      faults.push({ path: [...path, "transform"], message: "expected ln only for means" });
    }
    if (metric.kind === "proportion" && metric.margin >= 1) {
      faults.push({ path: [...path, "margin"], message: "expected a share below 1, e.g. 0.01" });
    }
    if (metric.min !== null && metric.max !== null && metric.min >= metric.max) {
      faults.push({ path: [...path, "max"], message: "expected more than min" });
    }
    return faults;
  });
}

function isGuardrail({ action, dryRun }: RolloutMetric): boolean {
  return action !== "warn" && !dryRun;
}

/** What nothing watches may not go on. */
function watchFaults({ steps, metrics }: RolloutStrategy): Fault[] {
  const guardrails = metrics.filter(isGuardrail);
  if (!guardrails.some(({ action }) => action === "rollback")) {
    const message =
      "expected at least one metric with action rollback that is no dry run: nothing would end a bad rollout";
    return [{ path: ["metrics"], message }];
  }
  const last = steps.at(-1);
  const limited = guardrails.some(({ min, max }) => min !== null || max !== null);
  if (last === undefined || last.holdback > 0 || limited) return [];
  const message =
    "expected holdback, or min or max for a metric: at 100% there is nothing else to compare with";
  return [{ path: ["steps", steps.length - 1], message }];
}

function canarySteps(steps: readonly RolloutStep[]): RolloutStep[] {
  return steps.filter(({ weight }) => weight > 0 && weight < FULL_WEIGHT);
}

/** The canary steps together may not be shorter than a tier's policy; shipped steps wait for it by themselves. */
function policyFaults({ steps }: RolloutStrategy, config: WrittenRollouts, ownSteps: boolean): Fault[] {
  const canary = canarySteps(steps);
  const least = canary.reduce((sum, { minSoakMs }) => sum + minSoakMs, 0);
  const most = canary.reduce((sum, { maxSoakMs }) => sum + (maxSoakMs ?? Number.POSITIVE_INFINITY), 0);
  const policies = mergePolicies(config);
  return TIERS.flatMap((tier) => {
    const wanted = policies[tier].canaryMinSoakMs;
    const reached = ownSteps ? least : most;
    if (wanted === null || reached >= wanted) return [];
    const soak = ownSteps ? "minSoak" : "maxSoak";
    const message = `expected canary steps with a ${soak} of ${hours(wanted)} together, as policies.${tier} asks; they have ${hours(reached)}`;
    return [{ path: ["steps"], message }];
  }).slice(0, 1);
}

function dependencyFaults(name: string, config: WrittenRollouts): Fault[] {
  const names = Object.keys(config.prompts);
  const dependsOn = (prompt: string): readonly string[] => config.prompts[prompt]?.rollout?.dependsOn ?? [];
  const reaches = (from: string, seen: Set<string>): boolean =>
    dependsOn(from).some((next) => {
      if (next === name) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, seen);
    });
  return dependsOn(name).flatMap((other, index) => {
    const path: Path = ["dependsOn", index];
    if (!names.includes(other)) {
      return [{ path, message: `the config has no such prompt${suggestion(other, names)}` }];
    }
    if (other !== name && !reaches(other, new Set())) return [];
    return [
      { path, message: `${visibleLine(other, 60)} waits for this prompt in turn: neither would ever start` },
    ];
  });
}

/** Every prompt's strategy, as it is after merging; what is wrong for all of them is said once. */
export function rolloutProblems(document: SourceDocument, config: WrittenRollouts): Problem[] {
  const problems = Object.entries(config.prompts).flatMap(([name, { rollout: own }]) => {
    const strategy = rolloutStrategy(config.rollout, own);
    const ownSteps = (own?.steps ?? config.rollout?.steps) !== undefined;
    const shared = [
      ...stepFaults(strategy),
      ...metricFaults(strategy.metrics),
      ...watchFaults(strategy),
      ...policyFaults(strategy, config, ownSteps),
    ].map(({ path, message }) => {
      const key = path[0] === "metrics" ? "metrics" : "steps";
      const base: Path = own?.[key] === undefined ? ["rollout"] : ["prompts", name, "rollout"];
      return problemAt(document, { path: [...base, ...path] }, message);
    });
    const dependencies = dependencyFaults(name, config).map(({ path, message }) =>
      problemAt(document, { path: ["prompts", name, "rollout", ...path] }, message),
    );
    return [...shared, ...dependencies];
  });
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()];
}
