import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, type Digest } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import type { Completion, Model, ModelRequest } from "../domain/model.ts";
import {
  parseStoredCall,
  requestDigest,
  storedCallDocument,
  type ModelIdentity,
  type StoredCall,
} from "../domain/stored-call.ts";
import { visibleLine } from "../domain/visible.ts";

/** One file a call, named by what was asked: two branches that record add files and never touch one line twice. */
function recordingFile(directory: string, digest: Digest): string {
  return join(directory, `${digest.slice("sha256:".length, "sha256:".length + 32)}.json`);
}

function storageFailure(directory: string, cause: unknown): GateError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GateError("STORAGE_FAILED", `cannot write recordings: ${visibleLine(reason)}`, {
    hint: `make ${visibleLine(directory)} writable, or leave out --record`,
    cause,
    fatal: true,
  });
}

/** Keeps one call in a recording, once; the same call again is the same file. */
export type KeepCall = (request: ModelRequest, completion: Completion) => Promise<void>;

/**
 * Writes calls into `directory` as readable JSON: the request and the completion, no headers, no keys. Whether an answer was
 * fresh or stored does not matter: a recording must hold every call. Throws `STORAGE_FAILED`: one with holes is worse than
 * none.
 */
export function openRecording(identity: ModelIdentity, directory: string): KeepCall {
  const kept = new Map<Digest, Promise<void>>();
  let made: Promise<unknown> | undefined;

  async function write(digest: Digest, request: ModelRequest, completion: Completion): Promise<void> {
    const path = recordingFile(directory, digest);
    const temporary = `${path}.${randomUUID()}.tmp`;
    const text = `${JSON.stringify(storedCallDocument(identity, digest, { request, completion }), null, 2)}\n`;
    try {
      made ??= mkdir(directory, { recursive: true });
      await made;
      await writeFile(temporary, text);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw storageFailure(directory, error);
    }
  }

  return (request, completion) => {
    const digest = requestDigest(identity, request);
    const written = kept.get(digest) ?? write(digest, request, completion);
    kept.set(digest, written);
    return written;
  };
}

type Part = readonly [name: string, digest: string];

/** What a call is made of, in the words of a prompt file; each part as canonical JSON. */
function parts(model: StoredCall["model"], request: Readonly<Record<string, unknown>>): Part[] {
  const names = ["messages", "parameters", "responseFormat", "jsonSchema", "tools", "gradeTokens", "sample"];
  return [
    ["provider", model.provider],
    ["model", model.model],
    ["baseUrl", model.baseUrl ?? ""],
    ...names.map((name): Part => [name, canonicalJson(request[name] ?? null)]),
  ];
}

async function readRecordings(directory: string): Promise<StoredCall[] | null> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith(".json"));
    const calls: StoredCall[] = [];
    for (const name of names) {
      const read = parseStoredCall(await readFile(join(directory, name), "utf8"));
      if (read.kind === "call") calls.push(read.call);
    }
    return calls;
  } catch {
    return null;
  }
}

/** Names what the nearest recording has different: one sentence for the error of a miss. */
async function nearestReason(
  identity: ModelIdentity,
  request: ModelRequest,
  directory: string,
): Promise<string> {
  const recordings = await readRecordings(directory);
  if (recordings === null) return "the directory cannot be read";
  const wanted = parts(identity, { ...request });
  let nearest: string[] | undefined;
  for (const call of recordings) {
    const found = new Map(parts(call.model, call.request ?? {}));
    const different = wanted.filter(([name, value]) => found.get(name) !== value).map(([name]) => name);
    if (nearest === undefined || different.length < nearest.length) nearest = different;
  }
  if (nearest === undefined) return "it holds no recordings";
  return nearest.length === 0 ? "the recording is damaged" : `the nearest differs in ${nearest.join(", ")}`;
}

/**
 * A model that answers from the recordings in `directory` and never makes a call. Throws `REPLAY_MISS`, which names the
 * request's digest and what the nearest recording has different.
 */
export function replayModel(identity: ModelIdentity, directory: string): Model {
  const { provider, model, baseUrl } = identity;

  async function miss(digest: Digest, request: ModelRequest, reason?: string): Promise<GateError> {
    const because = reason ?? (await nearestReason(identity, request, directory));
    return new GateError(
      "REPLAY_MISS",
      `${visibleLine(directory)} has no recording of call ${digest} to ${visibleLine(model)}: ${because}`,
      { hint: "record it: run the same command with --record in place of --replay", fatal: true },
    );
  }

  return {
    provider,
    model,
    baseUrl,
    complete: async (request, signal) => {
      if (signal.aborted) throw new GateError("INTERRUPTED", "the call was interrupted");
      const digest = requestDigest(identity, request);
      const path = recordingFile(directory, digest);
      let text: string;
      try {
        text = await readFile(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") throw await miss(digest, request);
        throw await miss(digest, request, `${visibleLine(path)} cannot be read`);
      }
      const read = parseStoredCall(text);
      if (read.kind === "invalid") {
        throw await miss(digest, request, `${visibleLine(path)} is damaged (${visibleLine(read.reason)})`);
      }
      if (read.call.digest !== digest) {
        throw await miss(digest, request, `${visibleLine(path)} is the recording of another call`);
      }
      return read.call.completion;
    },
  };
}
