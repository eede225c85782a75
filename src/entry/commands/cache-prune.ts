import type * as z from "zod";
import { byteSize, duration } from "../../config/units.ts";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { pruneCallCache, type PruneLimits } from "../../evals/calls/cache-prune.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { cacheFolder } from "../gate/open-models.ts";
import { bytesText, prunedText } from "../gate/cache-text.ts";
import { loadProjectFrom } from "../wire.ts";

export interface CachePruneOptions extends CommonOptions {
  /** As in the config: `500MB`. */
  readonly maxSize?: string | undefined;
  /** `30d`. */
  readonly maxAge?: string | undefined;
  readonly all: boolean;
}

function parse(flag: string, schema: z.ZodType<number>, text: string | undefined): number | null {
  if (text === undefined) return null;
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const message = parsed.error.issues[0]?.message ?? "expected another value";
  throw new GateError("USAGE", `${flag}: ${message}, got "${visibleLine(text, 40)}"`);
}

function limitsOf(options: CachePruneOptions, configured: number | null): PruneLimits {
  const maxBytes = parse("--max-size", byteSize, options.maxSize);
  const maxAgeMs = parse("--max-age", duration, options.maxAge);
  if (options.all && (maxBytes !== null || maxAgeMs !== null)) {
    throw new GateError("USAGE", "--all removes everything: it does not go with --max-size or --max-age");
  }
  if (options.all) return { maxBytes: 0, maxAgeMs: null };
  const limits = { maxBytes: maxBytes ?? (maxAgeMs === null ? configured : null), maxAgeMs };
  if (limits.maxBytes !== null || limits.maxAgeMs !== null) return limits;
  throw new GateError("USAGE", "nothing says what may stay in the cache", {
    hint: "--max-size 500MB, --max-age 30d or --all, or cache: { maxSize: 1GB } in the config",
  });
}

/** `cache prune`: removes the oldest of the answers that runs share. The journals of runs are not touched. */
export async function runCachePrune(context: CommandContext, options: CachePruneOptions): Promise<0> {
  const { root, cache } = await loadProjectFrom(context, options, "error", null);
  const limits = limitsOf(options, cache.maxBytes);
  const pruned = await pruneCallCache(cacheFolder(root), limits, context.clock.now());
  const { answers, bytes } = pruned.left;
  context.print(
    options.json
      ? JSON.stringify({ schema: "promptgate/cache-prune@1", ...pruned }, null, 2)
      : `${prunedText(pruned)}; ${answers} ${answers === 1 ? "answer" : "answers"} (${bytesText(bytes)}) left`,
  );
  return 0;
}
