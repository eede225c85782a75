import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { textDigest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { RunUsage } from "../../domain/gate-result.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { CriticalOutcome } from "../../evals/critical-cases.ts";
import { replaceFile } from "../../files/replace-file.ts";
import { MOST_SHARDS } from "./shard-of.ts";
import { parseRecords, recordLine, type ShardRecord } from "./shard-records.ts";

const MANIFEST = "shard.json";
/** Deepest folder below a given one that is searched, as CI systems unpack what they keep. */
const SEARCH_DEPTH = 4;

const amount = z.number().nonnegative();
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const manifestSchema = z.object({
  schema: z.literal("promptgate/shard@1"),
  shard: z.object({ index: z.int().positive(), of: z.int().positive().max(MOST_SHARDS) }),
  /** Every prompt that the command evaluated; each has a shard folder of its own. */
  prompts: z.array(z.string()).min(1),
  identity: z.object({
    prompt: z.string(),
    candidate: digest,
    baseline: digest.nullable(),
    dataset: digest,
    judges: digest,
    policy: digest,
    setting: digest,
  }),
  seed: z.number(),
  attempt: z.int().positive(),
  sigma: z.record(z.string(), z.number()),
  critical: z.object({ broken: z.array(z.string()), unsettled: z.array(z.string()) }),
  usage: z.object({
    calls: amount,
    cachedCalls: amount,
    costUsd: amount.nullable(),
    generationUsd: amount.nullable(),
    judgeUsd: amount.nullable(),
    inputTokens: amount,
    outputTokens: amount,
  }),
  files: z.record(z.string(), z.object({ lines: z.int().nonnegative(), digest })),
});

/** What a shard is about, and what its files must hold. Written last: where it is, the shard is whole. */
export type ShardManifest = z.infer<typeof manifestSchema>;

/** The records of one part of a run. */
export interface ShardRecords {
  readonly comparison: readonly ShardRecord[];
  /** Of the fresh looks at critical cases. */
  readonly criticalCases: readonly ShardRecord[];
  readonly critical: CriticalOutcome;
  readonly usage: RunUsage;
}

/** A shard that was read back. `folder` is as the user gave it. */
export interface ReadShard {
  readonly folder: string;
  readonly manifest: ShardManifest;
  readonly comparison: readonly ShardRecord[];
  readonly criticalCases: readonly ShardRecord[];
}

const FILES = {
  baseline: "baseline/scores.jsonl",
  candidate: "candidate/scores.jsonl",
  critical: "critical.jsonl",
} as const;

function storageFailed(action: string, path: string, cause: unknown): GateError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new GateError("STORAGE_FAILED", `cannot ${action} the shard ${visibleLine(path, 400)}: ${code}`, {
    hint: "check the folder and the disk, then run the same command again",
    cause,
  });
}

/** Writes a shard's files and, when they are whole, its manifest. Throws `STORAGE_FAILED`. */
export async function writeShard(
  folder: string,
  about: Omit<ShardManifest, "schema" | "critical" | "usage" | "files">,
  { comparison, criticalCases, critical, usage }: ShardRecords,
): Promise<void> {
  const texts = {
    [FILES.baseline]: comparison.filter(({ side }) => side === "baseline"),
    [FILES.candidate]: comparison.filter(({ side }) => side === "candidate"),
    [FILES.critical]: criticalCases,
  };
  const files: ShardManifest["files"] = {};
  try {
    await mkdir(folder, { recursive: true });
    // An earlier manifest does not speak for the files that come now.
    await rm(join(folder, MANIFEST), { force: true });
    for (const [name, records] of Object.entries(texts)) {
      const text = records.map(recordLine).join("");
      files[name] = { lines: records.length, digest: textDigest(text) };
      await replaceFile(join(folder, name), text);
    }
    const { broken, unsettled } = critical;
    const manifest: ShardManifest = {
      schema: "promptgate/shard@1",
      ...about,
      critical: { broken: [...broken], unsettled: [...unsettled] },
      usage,
      files,
    };
    await replaceFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  } catch (error) {
    throw storageFailed("write", folder, error);
  }
}

function damaged(folder: string, reason: string): GateError {
  return new GateError("SCORES_INVALID", `the shard ${visibleLine(folder, 400)} is truncated: ${reason}`, {
    hint: "run this shard again, or copy its whole folder again, and then merge",
  });
}

/** Null when there is no such file. */
async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw storageFailed("read", path, error);
  }
}

async function readRecords(folder: string, name: string, manifest: ShardManifest): Promise<ShardRecord[]> {
  const expected = Object.hasOwn(manifest.files, name) ? manifest.files[name] : undefined;
  if (expected === undefined) throw damaged(folder, `its ${MANIFEST} does not list ${name}`);
  const text = await readText(join(folder, name));
  if (text === null) throw damaged(folder, `${name} is missing`);
  if (textDigest(text) !== expected.digest) throw damaged(folder, `${name} is not the file that was written`);
  const records = parseRecords(text);
  if (records === null || records.length !== expected.lines) {
    throw damaged(folder, `${name} does not hold the ${expected.lines} records that were written`);
  }
  return records;
}

async function readShard(directory: string, folder: string, text: string): Promise<ReadShard> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw damaged(folder, `its ${MANIFEST} is no complete JSON document`);
  }
  const parsed = manifestSchema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = visibleLine(issue?.path.join(".") ?? "", 80);
    throw new GateError(
      "SCORES_INVALID",
      `${visibleLine(folder, 400)}/${MANIFEST} is none of this version's: ${where}: ${issue?.message ?? ""}`,
      { hint: "make all shards and merge them with the same version of promptgate" },
    );
  }
  const manifest = parsed.data;
  const read = (name: string): Promise<ShardRecord[]> => readRecords(directory, name, manifest);
  const comparison = [...(await read(FILES.baseline)), ...(await read(FILES.candidate))];
  return { folder, manifest, comparison, criticalCases: await read(FILES.critical) };
}

async function subfolders(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    throw storageFailed("read", path, error);
  }
}

/**
 * All shards in a folder or a few folders below it. Throws `SCORES_INVALID` for a shard that is truncated and for a
 * folder without any, `STORAGE_FAILED` for what cannot be read. `folder` is how messages name it.
 */
export async function readShards(directory: string, folder: string): Promise<ReadShard[]> {
  const search = async (path: string, shown: string, depth: number): Promise<ReadShard[]> => {
    const manifest = await readText(join(path, MANIFEST));
    if (manifest !== null) return [await readShard(path, shown, manifest)];
    const shards: ReadShard[] = [];
    for (const name of depth === 0 ? [] : await subfolders(path)) {
      shards.push(...(await search(join(path, name), `${shown}/${name}`, depth - 1)));
    }
    return shards;
  };
  const shards = await search(directory, folder.replace(/(.)\/+$/, "$1"), SEARCH_DEPTH);
  if (shards.length > 0) return shards;
  throw new GateError(
    "SCORES_INVALID",
    `${visibleLine(folder, 400)} holds no finished shard: there is no ${MANIFEST}`,
    {
      hint: "promptgate gate --shard i/n writes a shard; its shard.json comes last",
    },
  );
}
