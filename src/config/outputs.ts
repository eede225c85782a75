import { resolve } from "node:path";
import * as z from "zod";
import { jsonDigest, type Digest } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import type { Completion } from "../domain/model.ts";
import { ProblemsError, type Problem } from "../domain/problem.ts";
import { visibleLine } from "../domain/visible.ts";
import { issueProblems } from "./explain-issues.ts";
import { jsonLines, lineReader, type JsonLine } from "./json-lines.ts";
import { lineIndex, type LineIndex } from "./line-index.ts";
import { orderedDigest } from "./ordered-digest.ts";
import { problemList } from "./problem-list.ts";
import { fileProblem, problemAt } from "./source-document.ts";
import { openOrdinaryFile, SIZE_LIMITS, unreadable } from "./text-file.ts";

/** One output that an application produced earlier. */
interface StoredOutput {
  readonly completion: Completion;
  /** US dollars; null = not recorded. */
  readonly costUsd: number | null;
}

/** Outputs of an application, indexed by case and sample; their texts stay in the file. */
export interface OutputsFile {
  readonly file: string;
  /** Of all outputs in order of id and sample; formatting and order in the file do not count. */
  readonly digest: Digest;
  /** One more than the highest sample of a case; 0 = the file does not know the case. */
  samples(id: string): number;
  /** Ids of all cases, in order of appearance. */
  ids(): Iterable<string>;
  /** Null when the file has no such sample. Throws `DATASET_INVALID` when the file was changed meanwhile. */
  read(id: string, sample: number): Promise<StoredOutput | null>;
  close(): Promise<void>;
}

const jsonText = z
  .union([z.record(z.string(), z.unknown()), z.array(z.unknown())])
  .transform((value) => JSON.stringify(value));
const measure = z.number().min(0).nullable().default(null);

const outputSchema = z.strictObject({
  id: z.string("expected text (put a number in quotes)").min(1).max(200),
  sample: z.int().min(0).max(999).default(0),
  output: z.union([z.string(), jsonText], "expected text, a mapping or a list"),
  latencyMs: measure,
  costUsd: measure,
  usage: z
    .strictObject({ inputTokens: z.int().min(0), outputTokens: z.int().min(0) })
    .nullable()
    .default(null),
  finishReason: z.enum(["stop", "length", "tool_calls", "content_filter", "unknown"]).default("unknown"),
  toolCalls: z
    .array(z.strictObject({ name: z.string().min(1), arguments: z.union([z.string(), jsonText]) }))
    .default([]),
  model: z.string().min(1).default("stored output"),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

type WrittenOutput = z.infer<typeof outputSchema>;

function storedOutput({ output, costUsd, ...rest }: WrittenOutput): StoredOutput {
  const { toolCalls, finishReason, model, usage, latencyMs } = rest;
  return { completion: { text: output, toolCalls, finishReason, model, usage, latencyMs }, costUsd };
}

interface Index {
  readonly lines: LineIndex;
  /** Id -> place of its output in `lines`, or places by sample where it has others than sample 0. */
  readonly places: Map<string, number | (number | undefined)[]>;
}

function placeOf({ places }: Index, id: string, sample: number): number | undefined {
  const place = places.get(id);
  return typeof place === "object" ? place[sample] : sample === 0 ? place : undefined;
}

/** One number an output as a rule: there may be hundreds of thousands. */
function keepPlace(
  { places }: Index,
  { id, sample }: Pick<WrittenOutput, "id" | "sample">,
  place: number,
): void {
  const known = places.get(id);
  if (known === undefined && sample === 0) {
    places.set(id, place);
    return;
  }
  const bySample = typeof known === "object" ? known : [known];
  bySample[sample] = place;
  places.set(id, bySample);
}

function samplesOf({ places }: Index, id: string): number {
  const place = places.get(id);
  if (place === undefined) return 0;
  return typeof place === "object" ? place.length : 1;
}

/** Sample and id of every output, in order of the lines. */
function outputNames({ places, lines }: Index): string[] {
  const names = Array.from({ length: lines.size }, () => "");
  for (const [id, place] of places) {
    const bySample = typeof place === "object" ? place : [place];
    bySample.forEach((line, sample) => {
      if (line !== undefined) names[line] = `${sample} ${id}`;
    });
  }
  return names;
}

function takeOutput(
  index: Index,
  { document, span, line }: Extract<JsonLine, { kind: "value" }>,
): readonly Problem[] {
  const parsed = outputSchema.safeParse(document.value);
  if (!parsed.success) return issueProblems(document, outputSchema, parsed.error);
  const { id, sample } = parsed.data;
  const { lines } = index;
  const earlier = placeOf(index, id, sample);
  if (earlier !== undefined) {
    const message = `expected one output for case "${visibleLine(id, 60)}", sample ${sample}; line ${lines.line(earlier)} has one too`;
    return [problemAt(document, { path: ["id"] }, message)];
  }
  keepPlace(index, parsed.data, lines.add(span, line, jsonDigest(storedOutput(parsed.data))));
  return [];
}

/**
 * Opens a JSON Lines file of outputs, `{"id","sample"?,"output",…}`; the caller closes it. `file` is relative to
 * `directory`, or absolute. Throws `ProblemsError` with code `DATASET_INVALID`.
 */
export async function openOutputs(directory: string, file: string): Promise<OutputsFile> {
  const opened = await openOrdinaryFile(resolve(directory, file), SIZE_LIMITS.outputs);
  if (opened.kind === "unreadable") {
    throw new ProblemsError("DATASET_INVALID", [fileProblem(file, opened.reason)]);
  }
  const { handle, size } = opened;
  const index: Index = { lines: lineIndex(), places: new Map() };
  const found = problemList();
  try {
    for await (const line of jsonLines(file, { handle, size, lineLimit: SIZE_LIMITS.outputLine })) {
      found.add(...(line.kind === "problems" ? line.problems : takeOutput(index, line)));
    }
  } catch (error) {
    found.add(fileProblem(file, unreadable(error).reason));
  }
  if (index.places.size === 0 && !found.hasErrors())
    found.add(fileProblem(file, "has no outputs: expected at least one"));
  if (found.hasErrors()) {
    await handle.close();
    throw new ProblemsError("DATASET_INVALID", found.problems());
  }
  const readLine = lineReader(handle, size);
  return {
    file,
    digest: orderedDigest(outputNames(index), index.lines.digest),
    samples: (id) => samplesOf(index, id),
    ids: () => index.places.keys(),
    read: async (id, sample) => {
      const place = placeOf(index, id, sample);
      if (place === undefined) return null;
      const parsed = outputSchema.safeParse(await readLine(index.lines.span(place)));
      const output = parsed.success ? storedOutput(parsed.data) : null;
      if (output !== null && jsonDigest(output) === index.lines.digest(place)) return output;
      throw new GateError(
        "DATASET_INVALID",
        `${visibleLine(file)} changed while it was in use: line ${index.lines.line(place)} is not what was checked`,
        { hint: "run the command again and leave the file alone meanwhile" },
      );
    },
    close: () => handle.close(),
  };
}
