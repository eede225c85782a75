import { sampleVariance } from "simple-statistics";
import type { BaselineSampling } from "../../domain/gate-result.ts";
import type { ScoreRow } from "../../domain/scores.ts";
import { visibleLine } from "../../domain/visible.ts";
import { modelSide, type Side } from "../../evals/sides.ts";
import type { DriftFinding } from "../../gate/drift.ts";
import { keepBaselineSamples, type BaselineSamples } from "./baseline-samples.ts";
import { judgeOnce } from "./judge-once.ts";
import { modelSettingsOf } from "./resolve-versions.ts";
import { evaluationRun, type Asking, type Execution } from "./evaluation-run.ts";
import { watchDrift, type DriftOutcome } from "./watch-drift.ts";

/** How the baseline's stored answers took part, for the result. */
export interface SettledSampling {
  readonly sampling: BaselineSampling;
  readonly warnings: readonly string[];
}

interface Settled {
  readonly execution: Execution;
  readonly sampling: SettledSampling | null;
}

/** The baseline with an answer that only this run has. */
function freshSide({ scope, preparation }: Execution, { model }: Asking): Side | null {
  const { baseline, run } = preparation;
  if (baseline === null) return null;
  const { template } = baseline.source;
  const settings = modelSettingsOf(scope.project, template);
  return modelSide("baseline", { template, repeat: 1, firstSample: run.header.freshSample }, (request) =>
    model(settings).ask(request, "generation"),
  );
}

function findingText({ metric, kind, cases, difference, p }: DriftFinding): string {
  const moved = `${visibleLine(metric, 64)} by ${(difference * 100).toFixed(1)} points over ${cases} cases (p = ${p.toPrecision(2)})`;
  return kind === "answers" ? `answers: ${moved}` : `judge: ${moved}`;
}

function warningsOf(samples: BaselineSamples, { drift, findings }: DriftOutcome): string[] {
  const since = samples.takenAt.slice(0, 10);
  if (!drift.tested) {
    return [
      `the baseline's stored answers of ${since} could not be held against fresh ones: too few of ${drift.cases} cases were scored both times`,
    ];
  }
  if (!drift.found) return [];
  const moved = findings.map(findingText).join("; ");
  return [
    `drift: version ${samples.version} does not score as it did on ${since}: ${moved}; what had changed was taken afresh`,
  ];
}

/** What follows from the findings: a judge that changed judges everything anew, a provider that changed answers anew. */
function afterDrift(
  samples: BaselineSamples,
  findings: readonly DriftFinding[],
  now: number,
): BaselineSamples {
  const judgeMoved = findings.some(({ kind }) => kind === "judge");
  // A judge that moved makes answers look moved as well: they are asked anew only where nothing else explains it.
  const answersMoved = !judgeMoved && findings.length > 0;
  return {
    ...samples,
    ...(judgeMoved ? { judgeSample: now } : {}),
    ...(answersMoved
      ? { firstSample: now, takenAt: new Date(now).toISOString(), cases: [], within: {} }
      : {}),
  };
}

/**
 * Settles which stored answers of the baseline the run compares with, before its first look: a new record is written down
 * before its first call, and an older one is held against fresh answers.
 */
export async function settleSamples(execution: Execution, asking: Asking): Promise<Settled> {
  const { scope, preparation } = execution;
  const samples = preparation.baselineSamples;
  const fresh = freshSide(execution, asking);
  if (samples === null || fresh === null) return { execution, sampling: null };
  const { root } = scope.project;
  const stored = { samples: samples.samples, since: samples.takenAt };
  if (samples.cases.length === 0) {
    await keepBaselineSamples(root, samples);
    return { execution, sampling: { sampling: { ...stored, drift: null }, warnings: [] } };
  }
  const outcome = await watchDrift({
    run: evaluationRun(execution, asking),
    samples,
    fresh,
    judgeAgain: judgeOnce(asking.judge, preparation.run.header.freshSample),
    cases: preparation.plan.order.slice(0, preparation.plan.looks.at(-1)?.cases ?? 0),
    seed: preparation.run.header.seed,
  });
  const settled = afterDrift(samples, outcome.findings, scope.context.clock.now());
  if (outcome.drift.found) await keepBaselineSamples(root, settled);
  const warnings = warningsOf(samples, outcome);
  for (const warning of warnings) scope.context.log.warn(warning);
  return {
    execution: { ...execution, preparation: { ...preparation, baselineSamples: settled } },
    sampling: {
      sampling: { ...stored, since: settled.takenAt, drift: outcome.drift },
      warnings,
    },
  };
}

/** Mean variance of one answer's score around its case's mean; metrics with fewer than two scored answers have none. */
function withinVariance(rows: readonly ScoreRow[]): Record<string, number> {
  const scores = new Map<string, Map<string, number[]>>();
  for (const { id, scores: values } of rows) {
    for (const [metric, value] of Object.entries(values)) {
      if (value === null) continue;
      const cases = scores.get(metric) ?? new Map<string, number[]>();
      cases.set(id, [...(cases.get(id) ?? []), value]);
      scores.set(metric, cases);
    }
  }
  return Object.fromEntries(
    Array.from(scores).flatMap(([metric, cases]) => {
      const variances = [...cases.values()].filter((values) => values.length > 1).map(sampleVariance);
      const sum = variances.reduce((total, value) => total + value, 0);
      return variances.length === 0 ? [] : [[metric, sum / variances.length] as const];
    }),
  );
}

/** Writes down which cases now have stored answers, and how much one answer wavers. */
export async function keepSamples(
  { scope, preparation }: Pick<Execution, "scope" | "preparation">,
  rows: readonly ScoreRow[],
): Promise<void> {
  const samples = preparation.baselineSamples;
  if (samples === null) return;
  const cases = [...new Set([...samples.cases, ...rows.map(({ id }) => id)])].sort();
  await keepBaselineSamples(scope.project.root, { ...samples, cases, within: withinVariance(rows) });
}
