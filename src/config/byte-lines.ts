import type { FileHandle } from "node:fs/promises";

/** One line of a file without its line end. */
export interface ByteLine {
  readonly kind: "line";
  /** From 1. */
  readonly number: number;
  /** Where it begins in the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** False for a last line that the file ends in the middle of. */
  readonly ended: boolean;
}

interface LongLine {
  readonly kind: "too-long";
  readonly number: number;
}

const CHUNK = 64 * 1024;
const NEWLINE = 0x0a;

/** Bytes of a UTF-8 byte order mark at the beginning. */
async function markLength(handle: FileHandle): Promise<number> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(3), 0, 3, 0);
  return bytesRead === 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0;
}

/**
 * The lines of a file, read in chunks: memory holds one line. Ends after a line of more than `limit` bytes. Reads
 * from behind a byte order mark to where the file ended when it was opened, so that a file that grows meanwhile comes to an end.
 */
export async function* byteLines(
  handle: FileHandle,
  size: number,
  limit: number,
): AsyncGenerator<ByteLine | LongLine, void, undefined> {
  const chunk = Buffer.allocUnsafe(CHUNK);
  let parts: Buffer[] = [];
  let length = 0;
  let number = 1;
  let offset = await markLength(handle);
  for (let position = offset; position < size;) {
    const { bytesRead } = await handle.read(chunk, 0, Math.min(CHUNK, size - position), position);
    if (bytesRead === 0) break;
    position += bytesRead;
    let start = 0;
    while (start < bytesRead) {
      const newline = chunk.subarray(0, bytesRead).indexOf(NEWLINE, start);
      const end = newline < 0 ? bytesRead : newline;
      length += end - start;
      if (length > limit) {
        yield { kind: "too-long", number };
        return;
      }
      // A copy: the chunk is read into again.
      parts.push(Buffer.from(chunk.subarray(start, end)));
      if (newline < 0) break;
      yield { kind: "line", number, offset, bytes: Buffer.concat(parts), ended: true };
      offset += length + 1;
      number += 1;
      parts = [];
      length = 0;
      start = end + 1;
    }
  }
  if (length > 0) yield { kind: "line", number, offset, bytes: Buffer.concat(parts), ended: false };
}
