import { jsonDigest } from "../../domain/digest.ts";
import type { RunUsage } from "../../domain/gate-result.ts";
import { comparesOutputs } from "../../domain/rubric.ts";
import type { ScoreRow } from "../../domain/scores.ts";
import { runLooks } from "../../evals/run-looks.ts";
import type { GateScope, Preparation } from "../gate/prepare.ts";
import { evaluationRun, type RunSettings } from "../gate/evaluation-run.ts";
import { withExecution } from "../gate/run-plan.ts";

/** Scored samples of one version. */
export interface CollectedSamples {
  readonly byCase: ReadonlyMap<string, readonly ScoreRow[]>;
  /** True when no case has two different answers. */
  readonly deterministic: boolean;
  readonly usage: RunUsage;
}

/** The one version as its own run: a folder and a journal of its own, and as many repeats as samples are wanted. */
function sampling(preparation: Preparation, samples: number): Preparation {
  const { identity, run, models, policy, outputs, rubrics } = preparation;
  const { candidate, dataset, judges, setting } = identity;
  const id = jsonDigest({ candidate, dataset, judges, setting, samples }).slice("sha256:".length, 19);
  const path = `.promptgate/runs/aa/${identity.prompt}-${id}`;
  return {
    ...preparation,
    baseline: null,
    baselineSamples: null,
    freshAnswers: false,
    models: { ...models, baseline: null },
    outputs: outputs.candidate === undefined ? {} : { candidate: outputs.candidate },
    policy: { ...policy, repeat: samples },
    rubrics: rubrics.filter((rubric) => !comparesOutputs(rubric)),
    run: { ...run, path, absolutePath: run.absolutePath.replace(run.path, path) },
  };
}

/** Answers arrive in any order; draws must not depend on it. */
function groupRows(rows: readonly ScoreRow[]): Map<string, ScoreRow[]> {
  const byCase = new Map<string, ScoreRow[]>();
  for (const row of rows.toSorted((left, right) => left.sample - right.sample)) {
    const known = byCase.get(row.id);
    if (known === undefined) byCase.set(row.id, [row]);
    else known.push(row);
  }
  return byCase;
}

/** Has the version answer every case `samples` times, or takes its stored outputs; paid answers are kept. */
export async function collectSamples(
  scope: GateScope,
  preparation: Preparation,
  settings: RunSettings,
  samples: number,
): Promise<CollectedSamples> {
  const question = { scope, preparation: sampling(preparation, samples), settings };
  const order = preparation.entries.map(({ id }) => id);
  return withExecution(question, order.length * samples, async (execution) => {
    const answers = new Map<string, Set<string>>();
    const run = evaluationRun({
      ...execution,
      observer: {
        ...execution.observer,
        observe: (evaluation) => {
          execution.observer.observe(evaluation);
          const { row, completion } = evaluation;
          const seen = answers.get(row.id) ?? new Set<string>();
          answers.set(row.id, seen.add(jsonDigest([completion?.text, completion?.toolCalls])));
        },
      },
    });
    const looks = [order.length];
    const { rows } = await runLooks(run, { order, looks }, () => ({ kind: "decided", decision: null }));
    return {
      byCase: groupRows(rows.candidate),
      deterministic: [...answers.values()].every((seen) => seen.size < 2),
      usage: execution.usage.read(),
    };
  });
}
