import type { FileHandle } from "node:fs/promises";
import type { Problem } from "../domain/problem.ts";
import { byteLines, type ByteLine } from "./byte-lines.ts";
import { parseJsonSource, syntaxProblem } from "./json-source.ts";
import type { SourceDocument } from "./source-document.ts";
import { decodeText, megabytes } from "./text-file.ts";

/** Where a line of a file is. */
export interface LineSpan {
  readonly offset: number;
  readonly length: number;
}

export type JsonLine =
  | {
      readonly kind: "value";
      readonly document: SourceDocument;
      readonly line: number;
      readonly span: LineSpan;
    }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** Parses one line; positions count in the whole file. */
function parseLine(file: string, { number, bytes, ended }: Pick<ByteLine, "number" | "bytes" | "ended">) {
  const decoded = decodeText(bytes);
  if (decoded.kind === "unreadable") {
    const problem = syntaxProblem(file, { line: number, column: 1 }, `this line ${decoded.reason}`);
    return { kind: "invalid" as const, problems: [problem] };
  }
  const parsed = parseJsonSource(file, decoded.text);
  if (parsed.kind === "invalid") {
    const isCut = !ended && parsed.problems.some(({ message }) => message.includes("the text ends here"));
    const torn = isCut ? "; the file ends here without a line end: was it cut off?" : "";
    return {
      kind: "invalid" as const,
      problems: parsed.problems.map((problem) => ({
        ...problem,
        line: number,
        message: `${problem.message}${torn}`,
      })),
    };
  }
  const { document } = parsed;
  const locate: SourceDocument["locate"] = (path, target) => ({
    line: number,
    column: document.locate(path, target).column,
  });
  return { kind: "parsed" as const, document: { ...document, locate } };
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function isUtf16(bytes: Uint8Array): boolean {
  return (
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || bytes[1] === 0
  );
}

/** Reads JSON Lines in one pass; blank lines are skipped. Every faulty line is told, but a wrong encoding only once. */
export async function* jsonLines(
  file: string,
  {
    handle,
    size,
    lineLimit,
  }: { readonly handle: FileHandle; readonly size: number; readonly lineLimit: number },
): AsyncGenerator<JsonLine, void, undefined> {
  for await (const line of byteLines(handle, size, lineLimit)) {
    if (line.kind === "too-long") {
      const message = `expected a line of at most ${megabytes(lineLimit)}; nothing behind it was read`;
      const position = { line: line.number, column: 1 };
      yield { kind: "problems", problems: [syntaxProblem(file, position, message)] };
      return;
    }
    if (isBlank(line.bytes)) continue;
    const parsed = parseLine(file, line);
    if (parsed.kind === "invalid") {
      yield { kind: "problems", problems: parsed.problems };
      if (line.number === 1 && isUtf16(line.bytes)) return;
      continue;
    }
    const span = { offset: line.offset, length: line.bytes.length };
    yield { kind: "value", document: parsed.document, line: line.number, span };
  }
}

const BLOCK_BYTES = 64 * 1024;
/** Files up to this size are held in memory once a line of them is read again. */
const WHOLE_BYTES = 4 * 1024 * 1024;

type ReadLine = (span: LineSpan) => Promise<unknown>;

/** Null where the bytes are no whole line of JSON any more. */
function lineValue(bytes: Buffer, length: number): unknown {
  const decoded = decodeText(bytes);
  if (decoded.kind === "unreadable" || bytes.length < length) return null;
  try {
    return JSON.parse(decoded.text) as unknown;
  } catch {
    return null;
  }
}

async function readBytes(handle: FileHandle, length: number, offset: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}

/** One read for all lines: a seeded order asks for them all over the file. */
function wholeReader(handle: FileHandle, size: number): ReadLine {
  let whole: Promise<Buffer> | undefined;
  return async ({ offset, length }) => {
    whole ??= readBytes(handle, size, 0);
    return lineValue((await whole).subarray(offset, offset + length), length);
  };
}

/** Lines that are asked for in the file's order are read ahead; others cost one small read each. */
function blockReader(handle: FileHandle): ReadLine {
  let start = 0;
  let block: Buffer = Buffer.alloc(0);
  let expected = 0;
  return async ({ offset, length }) => {
    const inOrder = offset >= expected && offset - expected < BLOCK_BYTES;
    expected = offset + length;
    let bytes = block.subarray(offset - start, expected - start);
    if (offset < start || bytes.length < length) {
      const fresh = await readBytes(handle, inOrder ? Math.max(BLOCK_BYTES, length) : length, offset);
      bytes = fresh.subarray(0, length);
      if (inOrder) {
        start = offset;
        block = fresh;
      }
    }
    return lineValue(bytes, length);
  };
}

/** Reads lines of a file of `size` bytes again; null when it no longer has one or it is no JSON any more. */
export function lineReader(handle: FileHandle, size: number): ReadLine {
  return size <= WHOLE_BYTES ? wholeReader(handle, size) : blockReader(handle);
}
