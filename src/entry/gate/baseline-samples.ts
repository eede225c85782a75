import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { jsonDigest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { replaceFile } from "../../files/replace-file.ts";
import { storageError } from "../../files/storage.ts";

const FOLDER = ".promptgate/baselines";

const recordSchema = z.strictObject({
  schema: z.literal("promptgate/baseline-samples@1"),
  prompt: z.string(),
  version: z.string(),
  identity: z.string(),
  /** Answers to each case. */
  samples: z.int().min(2).max(50),
  /** Number of the first of them; the answers themselves are in the cache that runs share. */
  firstSample: z.int().nonnegative(),
  /** Number of the judgements that all runs since share. */
  judgeSample: z.int().nonnegative(),
  takenAt: z.iso.datetime(),
  /** Cases that have been answered. */
  cases: z.array(z.string()),
  /** Variance of one answer's score around its case's mean, per metric. */
  within: z.record(z.string(), z.number().nonnegative()),
});

/** Answers of the version in production that gates share: taken afresh after it was promoted, never from the gate that passed it. */
export type BaselineSamples = Omit<z.infer<typeof recordSchema>, "schema">;

/** What stored answers are valid for: the prompt, its model and the dataset. */
export interface BaselineIdentity {
  readonly prompt: string;
  readonly baseline: string;
  readonly dataset: string;
  readonly model: Readonly<Record<string, unknown>>;
}

function fileOf(root: string, prompt: string, identity: string): string {
  return join(root, FOLDER, `${prompt}-${identity.slice("sha256:".length, "sha256:".length + 12)}.json`);
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new GateError("FILE_UNREADABLE", `cannot read ${visibleLine(path, 400)}`, { cause: error });
  }
}

/** What is known of the stored answers; null when none were taken. `STORAGE_FAILED` when the record is damaged. */
export async function readBaselineSamples(
  root: string,
  asked: BaselineIdentity,
): Promise<BaselineSamples | null> {
  const identity = jsonDigest(asked);
  const path = fileOf(root, asked.prompt, identity);
  const text = await readText(path);
  if (text === null) return null;
  try {
    const { schema: _, ...record } = recordSchema.parse(JSON.parse(text));
    if (record.identity === identity) return record;
    throw new TypeError("it belongs to another version, model or dataset");
  } catch (error) {
    throw new GateError("STORAGE_FAILED", `${visibleLine(path, 400)} is damaged or of another version`, {
      hint: "delete it: the baseline's answers are then taken afresh",
      cause: error,
    });
  }
}

/** A record for answers that begin now; `now` in milliseconds numbers them, so that no earlier answer is one of them. */
export function newBaselineSamples(
  asked: BaselineIdentity & { readonly version: string },
  samples: number,
  now: number,
): BaselineSamples {
  const { version, ...identity } = asked;
  return {
    prompt: asked.prompt,
    version,
    identity: jsonDigest(identity),
    samples,
    firstSample: now,
    judgeSample: 0,
    takenAt: new Date(now).toISOString(),
    cases: [],
    within: {},
  };
}

/** Writes the record whole or not at all. */
export async function keepBaselineSamples(root: string, record: BaselineSamples): Promise<void> {
  const path = fileOf(root, record.prompt, record.identity);
  const document = { schema: "promptgate/baseline-samples@1", ...record };
  try {
    await replaceFile(path, `${JSON.stringify(document, null, 2)}\n`);
  } catch (error) {
    throw storageError("write", path, error);
  }
}
