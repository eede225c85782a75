import * as z from "zod";
import type { ScoreRow } from "../../domain/scores.ts";
import type { CaseEvaluation } from "../../evals/evaluate-case.ts";
import type { SideName } from "../../evals/sides.ts";
import { OUTPUT_LENGTH } from "./case-changes.ts";

/** One evaluation as a shard keeps it: the scores, and what a report may show of it. */
export interface ShardRecord {
  readonly side: SideName;
  readonly row: ScoreRow;
  /** The beginning of the output; null when nothing was produced. */
  readonly output: string | null;
  readonly passed: boolean | null;
  readonly reasons: Readonly<Record<string, string>>;
}

/** What is kept of an evaluation; one character more than a report shows says that there was more. */
export function shardRecord({ side, row, completion, passed, reasons }: CaseEvaluation): ShardRecord {
  return { side, row, output: completion?.text.slice(0, OUTPUT_LENGTH + 1) ?? null, passed, reasons };
}

const score = z.number().min(0).max(1).nullable();
const measure = z.number().nonnegative().nullable();

const count = z.int().nonnegative();
const note = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("pairwise"), judged: count, consistent: count, first: count, second: count }),
  z.object({
    kind: z.literal("panel"),
    votes: z.record(z.string(), z.array(z.union([z.string(), z.number()]).nullable())),
  }),
]);

// Loose: what a row gains later belongs to the row. A line is a line of a score file with more to it.
const lineSchema = z.looseObject({
  side: z.enum(["baseline", "candidate"]),
  id: z.string().min(1),
  sample: z.int().nonnegative(),
  group: z.string().min(1).exactOptional(),
  scores: z.record(z.string(), score),
  measures: z.record(z.string(), measure).exactOptional(),
  judges: z.record(z.string(), note).exactOptional(),
  output: z.string().nullable(),
  passed: z.boolean().nullable(),
  reasons: z.record(z.string(), z.string()),
});

/** A record as one line of JSON. */
export function recordLine({ row, ...rest }: ShardRecord): string {
  return `${JSON.stringify({ ...row, ...rest })}\n`;
}

/** Reads the lines of `recordLine`; null at the first line that is none. */
export function parseRecords(text: string): ShardRecord[] | null {
  const records: ShardRecord[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    let document: unknown;
    try {
      document = JSON.parse(line);
    } catch {
      return null;
    }
    const parsed = lineSchema.safeParse(document);
    if (!parsed.success) return null;
    const { side, output, passed, reasons, ...row } = parsed.data;
    records.push({ side, row, output, passed, reasons });
  }
  return records;
}
