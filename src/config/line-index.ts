import type { Digest } from "../domain/digest.ts";
import type { LineSpan } from "./json-lines.ts";

const DIGEST_BYTES = 32;
const PREFIX = "sha256:" as const;

/** Where lines stand and what they held, in 48 bytes a line: there may be hundreds of thousands. */
export interface LineIndex {
  readonly size: number;
  /** Returns the place of the line, counted from 0. */
  add(span: LineSpan, line: number, digest: Digest): number;
  span(place: number): LineSpan;
  line(place: number): number;
  digest(place: number): Digest;
}

/** An empty index that grows by half when it is full. */
export function lineIndex(): LineIndex {
  let capacity = 1_024;
  let size = 0;
  let offsets = new Float64Array(capacity);
  let lengths = new Uint32Array(capacity);
  let lines = new Uint32Array(capacity);
  let digests = Buffer.alloc(capacity * DIGEST_BYTES);
  const grow = (): void => {
    capacity = Math.ceil(capacity * 1.5);
    const [oldOffsets, oldLengths, oldLines, oldDigests] = [offsets, lengths, lines, digests];
    offsets = new Float64Array(capacity);
    lengths = new Uint32Array(capacity);
    lines = new Uint32Array(capacity);
    digests = Buffer.alloc(capacity * DIGEST_BYTES);
    offsets.set(oldOffsets);
    lengths.set(oldLengths);
    lines.set(oldLines);
    digests.set(oldDigests);
  };
  return {
    get size() {
      return size;
    },
    add: (span, line, digest) => {
      if (size === capacity) grow();
      const place = size;
      offsets[place] = span.offset;
      lengths[place] = span.length;
      lines[place] = line;
      digests.write(digest.slice(PREFIX.length), place * DIGEST_BYTES, "hex");
      size += 1;
      return place;
    },
    span: (place) => ({ offset: offsets[place] ?? 0, length: lengths[place] ?? 0 }),
    line: (place) => lines[place] ?? 0,
    digest: (place) => {
      const start = place * DIGEST_BYTES;
      return `${PREFIX}${digests.toString("hex", start, start + DIGEST_BYTES)}`;
    },
  };
}
