import type { LabelMove, PromptVersion, Registry } from "../../domain/registry.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { allPages, promptNames } from "../registry/known-prompts.ts";
import { alignedLines, minute } from "../registry/lines.ts";
import { loadProjectFrom, openRegistryOf } from "../wire.ts";

export interface HistoryOptions extends CommonOptions {
  readonly prompt: string;
  /** At least 1. */
  readonly limit: number;
}

/** One event of a prompt's life. */
type HistoryEntry =
  | ({ readonly kind: "move" } & LabelMove)
  | ({ readonly kind: "publication" } & Pick<PromptVersion, "version" | "digest"> & {
        readonly at: string;
        readonly by: string;
        readonly reason: string | null;
      });

const LARGEST_PAGE = 1000;

async function newestMoves(registry: Registry, prompt: string, limit: number): Promise<HistoryEntry[]> {
  const moves: LabelMove[] = [];
  let page = await registry.history(prompt, { limit: Math.min(limit, LARGEST_PAGE) });
  moves.push(...page.items);
  while (moves.length < limit && page.next !== null) {
    page = await registry.history(prompt, { limit: LARGEST_PAGE, cursor: page.next });
    moves.push(...page.items);
  }
  return moves.slice(0, limit).map((move) => ({ kind: "move", ...move }));
}

async function publications(registry: Registry, prompt: string): Promise<HistoryEntry[]> {
  const versions = await allPages((page) => registry.listVersions(prompt, page));
  return versions
    .map(({ version, digest, createdAt, author, changeReason }) => ({
      kind: "publication" as const,
      at: createdAt,
      by: author,
      version,
      digest,
      reason: changeReason ?? null,
    }))
    .sort((left, right) => Date.parse(right.at) - Date.parse(left.at));
}

/** Both newest first by time; moves keep the order in which they happened even where clocks disagreed. */
function merge(moves: readonly HistoryEntry[], published: readonly HistoryEntry[]): HistoryEntry[] {
  const merged: HistoryEntry[] = [];
  let next = 0;
  for (const move of moves) {
    for (; Date.parse(published[next]?.at ?? "") > Date.parse(move.at); next++) {
      merged.push(...published.slice(next, next + 1));
    }
    merged.push(move);
  }
  return [...merged, ...published.slice(next)];
}

function row(entry: HistoryEntry): string[] {
  switch (entry.kind) {
    case "move": {
      const way = entry.from === null ? `new at ${entry.to}` : `${entry.from} -> ${entry.to}`;
      return [minute(entry.at), entry.label, way, `by ${entry.by}`, entry.reason];
    }
    case "publication":
      return [minute(entry.at), "published", entry.version, `by ${entry.by}`, entry.reason ?? ""];
  }
}

/** `history`: who published and moved what, when and why, newest first. */
export async function runHistory(context: CommandContext, options: HistoryOptions): Promise<ExitCode> {
  const project = await loadProjectFrom(context, options, "warning", null);
  const registry = openRegistryOf(project, context);
  const [prompt = options.prompt] = await promptNames(project, registry, options.prompt);
  const moves = await newestMoves(registry, prompt, options.limit);
  const entries = merge(moves, await publications(registry, prompt)).slice(0, options.limit);
  if (options.json) {
    context.print(JSON.stringify({ schema: "promptgate/history@1", prompt, entries }, null, 2));
  } else {
    context.print(
      entries.length === 0 ? `${prompt}: nothing published yet` : alignedLines(entries.map(row)).join("\n"),
    );
  }
  return 0;
}
