import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { jsonDigest, type Digest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import { storageError } from "../../files/storage.ts";
import type { MeanTokens } from "../../evals/calls/usage.ts";
import { createOnce } from "../../files/create-once.ts";

/** Where runs are kept, relative to the project. */
export const RUNS = ".promptgate/runs";

/** What a run is about. Equal digests mean the same question, which has one answer. */
export interface RunIdentity {
  readonly prompt: string;
  readonly candidate: Digest;
  readonly baseline: Digest | null;
  readonly dataset: Digest;
  readonly judges: Digest;
  readonly policy: Digest;
  /** Models, stored outputs and filters: what else shapes the records. */
  readonly setting: Digest;
}

const headerSchema = z.object({
  schema: z.literal("promptgate/run@1"),
  prompt: z.string(),
  candidate: z.string(),
  baseline: z.string().nullable(),
  dataset: z.string(),
  judges: z.string(),
  setting: z.string(),
  seed: z.number(),
  attempt: z.number(),
  /** Numbers the answers that must be this run's own. */
  freshSample: z.int().nonnegative().default(0),
  /** Standard deviations that the plan was made with: a run that goes on keeps the plan that it began with. */
  sigma: z.record(z.string(), z.number()),
});

/** The part of a run that must not change while it goes on. */
type RunHeader = z.infer<typeof headerSchema>;

const noiseSchema = z.object({
  schema: z.literal("promptgate/noise@1"),
  sigma: z.record(z.string(), z.number()),
  /** Mean length of answers and judgements. */
  outputTokens: z
    .object({ generation: z.number().nonnegative().nullable(), judge: z.number().nonnegative().nullable() })
    .optional(),
});

/** `customer-support-1a2b3c4d5e6f`. */
function runId(identity: RunIdentity): string {
  return `${identity.prompt}-${jsonDigest(identity).slice("sha256:".length, "sha256:".length + 12)}`;
}

async function readJson<Value>(path: string, schema: z.ZodType<Value>): Promise<Value | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new GateError("STORAGE_FAILED", `${path} is damaged or of another version`, {
      hint: "delete the run's folder: its verdict is then drawn again from the cache",
      cause: error,
    });
  }
}

async function earlierRuns(root: string): Promise<{ id: string; header: RunHeader }[]> {
  let names: string[];
  try {
    names = await readdir(join(root, RUNS));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const runs: { id: string; header: RunHeader }[] = [];
  for (const id of names.sort()) {
    const header = await readJson(join(root, RUNS, id, "run.json"), headerSchema).catch(() => null);
    if (header !== null) runs.push({ id, header });
  }
  return runs;
}

function larger(left: number | null, right: number | null): number | null {
  return left === null || right === null ? (left ?? right) : Math.max(left, right);
}

/**
 * Noise of the differences on this dataset as earlier gates of the prompt measured it, per metric the largest, and the
 * largest mean length of their answers.
 */
async function measuredNoise(
  root: string,
  runs: readonly { id: string; header: RunHeader }[],
): Promise<{ readonly sigma: Record<string, number>; readonly outputTokens: MeanTokens }> {
  const sigma: Record<string, number> = {};
  let outputTokens: MeanTokens = { generation: null, judge: null };
  for (const { id } of runs) {
    const noise = await readJson(join(root, RUNS, id, "noise.json"), noiseSchema).catch(() => null);
    for (const [metric, value] of Object.entries(noise?.sigma ?? {})) {
      sigma[metric] = Math.max(sigma[metric] ?? 0, value);
    }
    outputTokens = {
      generation: larger(outputTokens.generation, noise?.outputTokens?.generation ?? null),
      judge: larger(outputTokens.judge, noise?.outputTokens?.judge ?? null),
    };
  }
  return { sigma, outputTokens };
}

/**
 * A run's folder: `run.json`, `journal.jsonl`, `baseline/` and `candidate/scores.jsonl`, `noise.json`, `result.json`; and
 * `cases.jsonl` where they were pulled from a platform.
 */
export interface RunDirectory {
  /** Relative to the project. */
  readonly path: string;
  readonly absolutePath: string;
  readonly header: RunHeader;
  /** Mean output tokens of earlier runs of the same measurement. */
  readonly outputTokens: MeanTokens;
}

/** The header that a run of this identity has or would get, begun at `now` in milliseconds; writes nothing. */
export async function planRun(
  root: string,
  identity: RunIdentity,
  { seed, now }: { readonly seed: number; readonly now: number },
): Promise<RunDirectory> {
  const id = runId(identity);
  const path = `${RUNS}/${id}`;
  const stored = await readJson(join(root, path, "run.json"), headerSchema);
  const { prompt, candidate, baseline, dataset, judges, setting } = identity;
  const related = (await earlierRuns(root)).filter(
    ({ header }) => header.prompt === prompt && header.dataset === dataset,
  );
  const others = new Set(
    related.filter(({ header }) => header.baseline === baseline).map(({ header }) => header.candidate),
  );
  others.delete(candidate);
  // Other models or judges have other noise.
  const sameMeasurement = related.filter(
    ({ header }) => header.judges === judges && header.setting === setting,
  );
  const { sigma, outputTokens } = await measuredNoise(root, sameMeasurement);
  const header: RunHeader = stored ?? {
    schema: "promptgate/run@1",
    prompt,
    candidate,
    baseline,
    dataset,
    judges,
    setting,
    seed,
    attempt: others.size + 1,
    freshSample: now,
    sigma,
  };
  return { path, absolutePath: join(root, path), header, outputTokens };
}

/** Creates the folder and its header. Of two processes that start the same run, both go on with the first one's header. */
export async function openRun(directory: RunDirectory): Promise<RunDirectory> {
  try {
    await mkdir(directory.absolutePath, { recursive: true });
  } catch (error) {
    throw storageError("create", directory.absolutePath, error);
  }
  const file = join(directory.absolutePath, "run.json");
  await createOnce(file, `${JSON.stringify(directory.header, null, 2)}\n`);
  return { ...directory, header: (await readJson(file, headerSchema)) ?? directory.header };
}
