import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { jsonDigest, type Digest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { ModelIdentity } from "../../domain/stored-call.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { Purpose } from "../../evals/calls/usage.ts";
import { createOnce } from "../../files/create-once.ts";
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
  /** Milliseconds since 1970. Its batch comes into being soon after, or never. */
  claimedAt: z.number(),
});
export type Claim = Omit<z.infer<typeof claimSchema>, "schema">;

const createdSchema = z.object({ schema: SCHEMA, batch: z.string().min(1) });

const closedSchema = z.object({
  schema: SCHEMA,
  outcome: z.enum(["answered", "expired", "stopped", "refused", "overloaded", "lost"]),
  /** Requests that are asked live from now on. */
  failed: z.array(digestSchema),
});
const settledSchema = z.object({ schema: SCHEMA });
type Closed = z.infer<typeof closedSchema>;

/** One part of a run at the provider, as far as it has come. What is written never changes. */
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

/** A run's submissions: `<name>.json`, then `.claim.json`, `.created.json` and `.closed.json`, and `<purpose>.settled.json`. Throws `STORAGE_FAILED`. */
export interface BatchFiles {
  read(): Promise<Submission[]>;
  /** Plans a submission of these requests, or finds the one that another process planned. */
  plan(model: ModelIdentity, requests: readonly Digest[], known: readonly Submission[]): Promise<void>;
  /** False when another process has claimed it. */
  claim(name: string, claim: Claim): Promise<boolean>;
  created(name: string, batch: string): Promise<void>;
  close(name: string, closed: Omit<Closed, "schema">): Promise<void>;
  /** Whether batches have given all that they can for this purpose: what is missing all the same is asked live. */
  isSettled(purpose: Purpose): Promise<boolean>;
  settle(purpose: Purpose): Promise<void>;
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
    created: async (name, batch) => {
      await keep(pathOf(name, ".created"), { batch });
    },
    close: async (name, closed) => {
      await keep(pathOf(name, ".closed"), closed);
    },
    isSettled: async (purpose) => (await readDocument(pathOf(purpose, ".settled"), settledSchema)) !== null,
    settle: async (purpose) => {
      await keep(pathOf(purpose, ".settled"), {});
    },
  };
}
