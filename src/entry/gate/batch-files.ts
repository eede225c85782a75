import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { jsonDigest, type Digest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { ModelIdentity } from "../../domain/stored-call.ts";
import { visibleLine } from "../../domain/visible.ts";
import { createOnce } from "../../files/create-once.ts";
import { replaceFile } from "../../files/replace-file.ts";
import { storageError } from "../../files/storage.ts";

const SCHEMA = z.literal("promptgate/batch@1");
const digestSchema = z.custom<Digest>(
  (value) => typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value),
);

const planSchema = z.object({
  schema: SCHEMA,
  /** What the batch is found again by in the provider's list. */
  label: z.uuid(),
  model: z.object({ provider: z.string(), model: z.string(), baseUrl: z.string().optional() }),
  requests: z.array(digestSchema).min(1),
});

const claimSchema = z.object({
  schema: SCHEMA,
  /** The input file's id. */
  file: z.string(),
  host: z.string(),
  pid: z.int(),
  /** Tells processes with the same number apart. */
  process: z.string(),
  /** Milliseconds since 1970. Until then the batch may come into being. */
  claimedAt: z.number(),
  until: z.number(),
});
export type Claim = z.infer<typeof claimSchema>;

const createdSchema = z.object({ schema: SCHEMA, batch: z.string().min(1) });

const closedSchema = z.object({
  schema: SCHEMA,
  outcome: z.enum(["answered", "expired", "stopped", "refused", "overloaded", "lost"]),
  /** Requests that are asked live from now on. */
  failed: z.array(digestSchema),
});
type Closed = z.infer<typeof closedSchema>;

/** One part of a run at the provider, as far as it has come. What is written never changes, but for a claim's end. */
export interface Submission {
  /** `<digest of the requests>-<number>`: two processes that would send the same requests meet in one name. */
  readonly name: string;
  readonly plan: {
    readonly label: string;
    readonly model: ModelIdentity;
    readonly requests: readonly Digest[];
  };
  readonly claim: Claim | null;
  readonly batch: string | null;
  readonly closed: Closed | null;
}

/** A process is one of its own wherever its number was used before. */
const PROCESS = randomUUID();

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether the process that claimed a submission may still create its batch. */
export function mayStillCreate(claim: Claim, now: number): boolean {
  if (claim.until <= now) return false;
  if (claim.process === PROCESS || claim.host !== hostname()) return true;
  return claim.pid !== process.pid && isRunning(claim.pid);
}

/** A claim of this process. */
export function ownClaim(file: string, claimedAt: number, until: number): Claim {
  return {
    schema: "promptgate/batch@1",
    file,
    host: hostname(),
    pid: process.pid,
    process: PROCESS,
    claimedAt,
    until,
  };
}

/** A run's submissions: `<name>.json`, then `.claim.json`, `.created.json` and `.closed.json`. Throws `STORAGE_FAILED`. */
export interface BatchFiles {
  read(): Promise<Submission[]>;
  /** Plans a submission of these requests, or finds the one that another process planned. */
  plan(model: ModelIdentity, requests: readonly Digest[], known: readonly Submission[]): Promise<void>;
  /** False when another process has claimed it. */
  claim(name: string, claim: Claim): Promise<boolean>;
  /** Ends one's own claim: nothing more comes of it. */
  release(name: string, claim: Claim): Promise<void>;
  created(name: string, batch: string): Promise<void>;
  close(name: string, closed: Omit<Closed, "schema">): Promise<void>;
}

async function readDocument<Value>(path: string, schema: z.ZodType<Value>): Promise<Value | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw storageError("read", path, error);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new GateError("STORAGE_FAILED", `${visibleLine(path, 400)} is damaged or of another version`, {
      hint: "gate without --batch, or delete the file: what it stands for may then be sent and paid a second time",
      cause: error,
    });
  }
}

function keep(path: string, document: object): Promise<boolean> {
  return createOnce(path, `${JSON.stringify({ schema: "promptgate/batch@1", ...document }, null, 2)}\n`);
}

/** Opens the folder of a run's submissions, which need not exist yet. */
export function openBatchFiles(folder: string): BatchFiles {
  const pathOf = (name: string, kind = ""): string => join(folder, `${name}${kind}.json`);

  async function names(): Promise<string[]> {
    try {
      const files = await readdir(folder);
      return files.flatMap((file) => /^([0-9a-f]{24}-\d+)\.json$/.exec(file)?.[1] ?? []).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw storageError("read", folder, error);
    }
  }

  async function readOne(name: string): Promise<Submission[]> {
    const plan = await readDocument(pathOf(name), planSchema);
    if (plan === null) return [];
    const created = await readDocument(pathOf(name, ".created"), createdSchema);
    return [
      {
        name,
        plan: { ...plan, model: { ...plan.model, baseUrl: plan.model.baseUrl } },
        claim: await readDocument(pathOf(name, ".claim"), claimSchema),
        batch: created?.batch ?? null,
        closed: await readDocument(pathOf(name, ".closed"), closedSchema),
      },
    ];
  }

  return {
    read: async () => (await Promise.all((await names()).map(readOne))).flat(),
    plan: async ({ provider, model, baseUrl }, requests, known) => {
      const identity = { provider, model, baseUrl };
      const stem = jsonDigest({ identity, requests }).slice("sha256:".length, "sha256:".length + 24);
      const closed = known.filter(({ name, closed }) => name.startsWith(stem) && closed !== null).length;
      await keep(pathOf(`${stem}-${closed + 1}`), { label: randomUUID(), model: identity, requests });
    },
    claim: (name, claim) => keep(pathOf(name, ".claim"), claim),
    release: async (name, claim) => {
      const path = pathOf(name, ".claim");
      try {
        await replaceFile(path, `${JSON.stringify({ ...claim, until: 0 }, null, 2)}\n`);
      } catch (error) {
        throw storageError("write", path, error);
      }
    },
    created: async (name, batch) => {
      await keep(pathOf(name, ".created"), { batch });
    },
    close: async (name, closed) => {
      await keep(pathOf(name, ".closed"), closed);
    },
  };
}
