import { dirname } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { checkBatchFlags } from "../gate/batch-rules.ts";
import { planLines } from "../gate/plan-text.ts";
import { prepareGate, type GateScope, type GateSelection } from "../gate/prepare.ts";
import { openBudget } from "../gate/run-budget.ts";
import type { RunSettings } from "../gate/evaluation-run.ts";
import { openScopes } from "../gate/scopes.ts";
import type { Shard } from "../gate/shard-of.ts";
import { gateShard, type WrittenShard } from "../gate/shard-run.ts";

export interface ShardOptions extends CommonOptions, GateSelection, RunSettings {
  readonly prompts: readonly string[];
  readonly output: readonly string[];
  /** Where a shard is written, in a folder of the prompt's name; by default in the run's folder. */
  readonly shardOutput?: string | undefined;
}

/** The options with one budget for all prompts of the command. */
export function commandSettings<Options extends RunSettings>(
  scopes: readonly GateScope[],
  options: Options,
): Options {
  const [first] = scopes;
  return first === undefined ? options : { ...options, budget: openBudget(first.project, options) };
}

function quoted(text: string): string {
  return /^[\w./=:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Arguments that choose the same question in `merge`, as a shell reads them. */
function selectionArguments(options: ShardOptions): string {
  const { candidate, baseline, tier, filterTag, filterId, outputs, seed, replay } = options;
  const given: (readonly [string, string])[] = [
    ...(candidate === undefined ? [] : [["--candidate", candidate] as const]),
    ...(baseline === "production" ? [] : [["--baseline", baseline] as const]),
    ...(tier === "auto" ? [] : [["--tier", tier] as const]),
    ...filterTag.map((tag) => ["--filter-tag", tag] as const),
    ...filterId.map((id) => ["--filter-id", id] as const),
    ...outputs.map((file) => ["--outputs", file] as const),
    ...(seed === undefined ? [] : [["--seed", String(seed)] as const]),
    ...(replay === undefined ? [] : [["--replay", replay] as const]),
  ];
  return given.map(([flag, value]) => ` ${flag} ${quoted(visibleLine(value, 400))}`).join("");
}

/** `gate --shard`: evaluates one part of every prompt's cases and says what comes next. */
export async function runShard(context: CommandContext, options: ShardOptions, shard: Shard): Promise<0> {
  checkBatchFlags({ ...options, shard: `${shard.index}/${shard.of}` });
  if (options.output.length > 0) {
    throw new GateError("USAGE", "-o goes with merge: a shard decides nothing", {
      hint: "promptgate merge DIR… -o FILE writes the report when all shards are there",
    });
  }
  const scopes = await openScopes(context, options);
  const prompts = scopes.map(({ prompt }) => prompt.name);
  const settings = commandSettings(scopes, options);
  const written: WrittenShard[] = [];
  for (const scope of scopes) {
    const preparation = await prepareGate(scope);
    try {
      for (const line of await planLines(scope, preparation)) context.log.info(line);
      written.push(await gateShard(scope, preparation, settings, { shard, prompts }));
    } finally {
      await preparation.close();
    }
  }
  const name = `${shard.index}/${shard.of}`;
  const folders =
    options.shardOutput === undefined
      ? written.map(({ directory }) => `${dirname(directory)}/*-of-${shard.of}`).join(" ")
      : "DIR…";
  const next = `promptgate merge ${folders}${selectionArguments(options)}`;
  const lines = written.map(
    ({ prompt, directory, cases }) =>
      `${prompt}: shard ${name} with ${cases} ${cases === 1 ? "case" : "cases"} is in ${visibleLine(directory, 400)}; when all ${shard.of} are there: ${next}`,
  );
  const document = { schema: "promptgate/shard-run@1", shard, shards: written, next };
  context.print(options.json ? JSON.stringify(document, null, 2) : lines.join("\n"));
  return 0;
}
