import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import { systemCode } from "../files/storage.ts";

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/** Longer lines are no requests; they are passed over without being held. */
const LINE_BYTES = 1 << 20;

export type LogLine =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "too-long" }
  /** What stands behind the last line end: perhaps being written at this moment. */
  | { readonly kind: "unended"; readonly text: string };

function* linesOf(bytes: Buffer): Generator<LogLine, void, undefined> {
  const text = bytes.toString("utf8");
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end < 0 ? text.length : end);
    yield line.length > LINE_BYTES ? { kind: "too-long" } : { kind: "line", text: line };
    start += line.length + 1;
  }
}

/** Cuts a stream of bytes into lines; holds one chunk and at most one unfinished line. */
function lineCutter() {
  let rest: Buffer = Buffer.alloc(0);
  let isSkipping = false;
  return {
    *add(bytes: Buffer): Generator<LogLine, void, undefined> {
      const first = isSkipping ? bytes.indexOf(NEWLINE) : -1;
      if (isSkipping && first < 0) return;
      const unread = Buffer.concat([rest, bytes.subarray(first + 1)]);
      isSkipping = false;
      const last = unread.lastIndexOf(NEWLINE);
      if (last >= 0) yield* linesOf(unread.subarray(0, last + 1));
      rest = unread.subarray(last + 1);
      if (rest.length <= LINE_BYTES) return;
      rest = Buffer.alloc(0);
      isSkipping = true;
      yield { kind: "too-long" };
    },
    *end(): Generator<LogLine, void, undefined> {
      if (rest.length > 0) yield { kind: "unended", text: rest.toString("utf8") };
    },
  };
}

async function* batches(
  handle: FileHandle,
  file: string,
  signal: AbortSignal,
): AsyncGenerator<Iterable<LogLine>, void, undefined> {
  const information = await handle.stat();
  if (!information.isFile()) {
    throw new GateError("METRICS_FAILED", `${visibleLine(file, 400)} is not a file`, {
      hint: "metrics.path names a file, a folder, or files by a * in the last part",
    });
  }
  const cutter = lineCutter();
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; position < information.size;) {
    if (signal.aborted) throw new GateError("INTERRUPTED", "reading the metrics was interrupted");
    const length = Math.min(CHUNK_BYTES, information.size - position);
    const { bytesRead } = await handle.read(chunk, 0, length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    yield cutter.add(chunk.subarray(0, bytesRead));
  }
  yield cutter.end();
}

/**
 * The lines of one file up to where it ended when it was opened, a batch for each chunk, to be used up before the next:
 * memory does not grow with the file. Throws `METRICS_FAILED`, and `INTERRUPTED` when the signal says so.
 */
export async function* logLines(
  file: string,
  signal: AbortSignal,
): AsyncGenerator<Iterable<LogLine>, void, undefined> {
  let handle: FileHandle | undefined;
  try {
    // Without waiting for a writer, should this be a pipe.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    yield* batches(handle, file, signal);
  } catch (error) {
    if (error instanceof GateError) throw error;
    const reason = systemCode(error) || "unknown error";
    throw new GateError("METRICS_FAILED", `cannot read ${visibleLine(file, 400)}: ${reason}`, {
      hint: "check the disk and who may read the file",
      cause: error,
    });
  } finally {
    await handle?.close();
  }
}
