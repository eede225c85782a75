import type { PromptGateResult, RunUsage } from "../../domain/gate-result.ts";
import type { ScoreRow } from "../../domain/scores.ts";
import { takeLooks, type Rows } from "../../evals/run-looks.ts";
import type { SideName } from "../../evals/sides.ts";
import { waivedCases } from "../../gate/waivers.ts";
import { assembleResult, NO_USAGE } from "./assemble-result.ts";
import type { ReportedEvaluation } from "./case-changes.ts";
import { keepRun, storedVerdict, verdictWithoutCalls } from "./gate-prompt.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { openRun } from "./run-directory.ts";
import { collectUnscored } from "./run-observer.ts";
import { decideLooks, hasBaseline, type GateRun } from "./run-plan.ts";
import { checkShardCases, checkShardSet } from "./shard-checks.ts";
import type { ReadShard } from "./shard-files.ts";
import type { ShardRecord } from "./shard-records.ts";

function added(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : left + right;
}

/** What all shards spent together; one unknown cost makes the sum unknown. */
export function sumUsage(shards: readonly { readonly usage: RunUsage }[]): RunUsage {
  return shards.reduce<RunUsage>(
    (sum, { usage }) => ({
      calls: sum.calls + usage.calls,
      cachedCalls: sum.cachedCalls + usage.cachedCalls,
      costUsd: added(sum.costUsd, usage.costUsd),
      generationUsd: added(sum.generationUsd, usage.generationUsd),
      judgeUsd: added(sum.judgeUsd, usage.judgeUsd),
      inputTokens: sum.inputTokens + usage.inputTokens,
      outputTokens: sum.outputTokens + usage.outputTokens,
    }),
    NO_USAGE,
  );
}

/** A record without the entries of some names. */
function without<Value>(
  entries: Readonly<Record<string, Value>>,
  names: ReadonlySet<string>,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => !names.has(name)));
}

/** The row as a run on one machine had measured it: without the judges that were not asked any more. */
function withoutPassed(row: ScoreRow, passed: ReadonlySet<string>): ScoreRow {
  if (passed.size === 0) return row;
  const { judges, ...rest } = row;
  const notes = without(judges ?? {}, passed);
  return {
    ...rest,
    scores: without(row.scores, passed),
    ...(Object.keys(notes).length === 0 ? {} : { judges: notes }),
  };
}

interface JoinedRun {
  readonly decision: GateRun["decision"];
  readonly rows: Rows;
  readonly unscored: GateRun["unscored"];
}

/** Decides on the records of all shards, look by look, as the run on one machine does. */
export async function decideRecords(
  preparation: Pick<Preparation, "plan" | "rules" | "rubrics" | "baseline" | "outputs">,
  records: readonly ShardRecord[],
  criticalCases: readonly ShardRecord[],
): Promise<JoinedRun> {
  const { plan } = preparation;
  const rubrics = preparation.rubrics.map(({ name }) => name);
  const byCase = new Map<string, ShardRecord[]>();
  for (const record of records) {
    const known = byCase.get(record.row.id);
    if (known === undefined) byCase.set(record.row.id, [record]);
    else known.push(record);
  }
  const unscored = collectUnscored();
  const { decision, rows } = await takeLooks(
    { order: plan.order, looks: plan.looks.map(({ cases }) => cases) },
    async ({ ids, passed }, keep) => {
      const settled = new Set(rubrics.filter((name) => passed.has(name)));
      for (const record of ids.flatMap((id) => byCase.get(id) ?? [])) {
        const row = withoutPassed(record.row, settled);
        unscored.add({ ...record, row });
        keep(record.side, row);
      }
    },
    decideLooks(preparation, hasBaseline(preparation)),
  );
  for (const record of criticalCases) unscored.add(record);
  return { decision, rows, unscored: unscored.read() };
}

/** The first sample of a case on one side, as far as a report asks for it. */
function recalled(records: readonly ShardRecord[]): GateRun["evaluate"] {
  const known: Record<SideName, Map<string, ShardRecord>> = { baseline: new Map(), candidate: new Map() };
  for (const record of records) if (record.row.sample === 0) known[record.side].set(record.row.id, record);
  return async (id, side): Promise<ReportedEvaluation | null> => {
    const record = known[side].get(id);
    if (record === undefined) return null;
    const { output, reasons } = record;
    return { completion: output === null ? null : { text: output }, reasons };
  };
}

/** The verdict on the shards of one prompt, kept in the run's folder. Throws `SCORES_INVALID` for what cannot be merged. */
export async function mergeShards(
  scope: GateScope,
  preparation: Preparation,
  shards: readonly ReadShard[],
): Promise<PromptGateResult> {
  const { plan, entries, identity, run } = preparation;
  checkShardSet(shards, { identity, seed: run.header.seed });
  const early = verdictWithoutCalls(scope, preparation) ?? (await storedVerdict(preparation));
  if (early !== null) return early;
  const ids = plan.order.slice(0, plan.looks.at(-1)?.cases ?? 0);
  const sides: SideName[] = hasBaseline(preparation) ? ["baseline", "candidate"] : ["candidate"];
  const waived = waivedCases(scope.prompt.waivers);
  const critical = entries.filter((entry) => entry.critical && !waived.has(entry.id)).map(({ id }) => id);
  checkShardCases(shards, { entries, ids, critical, sides });
  const attempt = Math.max(run.header.attempt, ...shards.map(({ manifest }) => manifest.attempt));
  const merged = { ...preparation, run: { ...run, header: { ...run.header, attempt } } };
  await openRun(merged.run);
  const records = shards.flatMap(({ comparison }) => comparison);
  const criticalCases = shards.flatMap((shard) => shard.criticalCases);
  const manifests = shards.map(({ manifest }) => manifest);
  const gateRun: GateRun = {
    ...(await decideRecords(preparation, records, criticalCases)),
    critical: {
      broken: manifests.flatMap(({ critical }) => critical.broken).sort(),
      unsettled: manifests.flatMap(({ critical }) => critical.unsettled).sort(),
    },
    usage: sumUsage(manifests),
    outputTokens: { generation: null, judge: null },
    // Each machine would have stored answers of its own: shards ask the baseline themselves.
    sampling: null,
    evaluate: recalled(records),
  };
  const result = await assembleResult(scope, merged, gateRun);
  return keepRun(merged, gateRun, result);
}
