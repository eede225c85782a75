import { join, resolve } from "node:path";
import { runLooks } from "../../evals/run-looks.ts";
import { NO_USAGE } from "./assemble-result.ts";
import { verdictWithoutCalls } from "./gate-prompt.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { evaluationRun, type RunSettings } from "./evaluation-run.ts";
import { settleCritical, withExecution } from "./run-plan.ts";
import { writeShard, type ShardRecords } from "./shard-files.ts";
import { shardOf, type Shard } from "./shard-of.ts";
import { shardRecord, type ShardRecord } from "./shard-records.ts";

/** Cases of the plan's looks that belong to the shard, in the plan's order. */
function shardCases({ plan, entries }: Preparation, { index, of }: Shard): string[] {
  const own = new Set(entries.filter((entry) => shardOf(entry, of) === index).map(({ id }) => id));
  return plan.order.slice(0, plan.looks.at(-1)?.cases ?? 0).filter((id) => own.has(id));
}

const NOTHING: ShardRecords = {
  comparison: [],
  criticalCases: [],
  critical: { broken: [], unsettled: [] },
  usage: NO_USAGE,
};

/** Evaluates the shard's cases of all looks, for nothing is decided here, and its critical cases. */
async function evaluateShard(
  question: { readonly scope: GateScope; readonly preparation: Preparation; readonly settings: RunSettings },
  shard: Shard,
): Promise<ShardRecords> {
  const order = shardCases(question.preparation, shard);
  return withExecution(question, order.length, async (execution) => {
    const comparison: ShardRecord[] = [];
    const criticalCases: ShardRecord[] = [];
    let records = comparison;
    const run = evaluationRun({
      ...execution,
      observer: {
        ...execution.observer,
        observe: (evaluation) => {
          execution.observer.observe(evaluation);
          records.push(shardRecord(evaluation));
        },
      },
    });
    await runLooks(run, { order, looks: [order.length] }, () => ({ kind: "decided", decision: null }));
    records = criticalCases;
    const critical = await settleCritical(
      execution,
      run,
      (entry) => shardOf(entry, shard.of) === shard.index,
    );
    return { comparison, criticalCases, critical, usage: execution.usage.read() };
  });
}

/** A shard that was written. */
export interface WrittenShard {
  readonly prompt: string;
  /** As a person would type it in the working folder, or relative to the project. */
  readonly directory: string;
  readonly cases: number;
  readonly usage: ShardRecords["usage"];
}

/**
 * Evaluates one part of a prompt's run and writes its records. A verdict that needs no model leaves nothing to record:
 * the merge draws it again. `prompts` are all that the command evaluates.
 */
export async function gateShard(
  scope: GateScope,
  preparation: Preparation,
  settings: RunSettings & { readonly shardOutput?: string | undefined },
  { shard, prompts }: { readonly shard: Shard; readonly prompts: readonly string[] },
): Promise<WrittenShard> {
  const { run, identity } = preparation;
  const needsNothing = verdictWithoutCalls(scope, preparation) !== null;
  const records = needsNothing ? NOTHING : await evaluateShard({ scope, preparation, settings }, shard);
  const { shardOutput } = settings;
  const name = `${shard.index}-of-${shard.of}`;
  const directory =
    shardOutput === undefined ? `${run.path}/shards/${name}` : join(shardOutput, scope.prompt.name);
  const { seed, attempt, sigma } = run.header;
  await writeShard(
    resolve(shardOutput === undefined ? scope.project.root : scope.context.cwd, directory),
    { shard, prompts: [...prompts], identity, seed, attempt, sigma },
    records,
  );
  const cases = new Set(records.comparison.map(({ row }) => row.id)).size;
  return { prompt: scope.prompt.name, directory, cases, usage: records.usage };
}
