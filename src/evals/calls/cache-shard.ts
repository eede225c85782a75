import { join } from "node:path";
import type { Digest } from "../../domain/digest.ts";

/** Milliseconds since 1970, the digest's hex digits, and the stored call as JSON. */
const LINE_START = /^(\d{1,16}) ([0-9a-f]{64}) /;
const LONGEST_START = 16 + 1 + 64 + 1;
const NEWLINE = 10;

/** One answer in a shard, by its place in bytes. */
export interface ShardEntry {
  readonly hex: string;
  /** When it was stored, in milliseconds since 1970. */
  readonly at: number;
  /** Of the line, without its line break. */
  readonly line: { readonly offset: number; readonly length: number };
  /** Of the JSON in it. */
  readonly json: { readonly offset: number; readonly length: number };
}

/** The 64 hex digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

/** The file of `directory` that holds the answer, one of 16. */
export function shardPath(directory: string, hex: string): string {
  return join(directory, `${hex.slice(0, 1)}.jsonl`);
}

/** Whether a file name is that of a shard. */
export function isShard(name: string): boolean {
  return /^[0-9a-f]\.jsonl$/.test(name);
}

/** An answer as it is appended. The leading line break ends what a writer that died may have left unfinished. */
export function shardLine(hex: string, at: number, json: string): string {
  return `\n${Math.max(0, Math.trunc(at))} ${hex} ${json}\n`;
}

/**
 * Entries of a part of a shard that begins at byte `base`, in order; the byte up to which lines are complete; and how many
 * lines could not be read.
 */
export function readEntries(
  bytes: Buffer,
  base: number,
): { readonly entries: ShardEntry[]; readonly end: number; readonly damaged: number } {
  const entries: ShardEntry[] = [];
  let damaged = 0;
  let start = 0;
  for (let stop = bytes.indexOf(NEWLINE); stop !== -1; stop = bytes.indexOf(NEWLINE, start)) {
    const match = LINE_START.exec(bytes.toString("latin1", start, Math.min(stop, start + LONGEST_START)));
    const [head, at, hex] = match ?? [];
    if (head !== undefined && hex !== undefined) {
      const json = { offset: base + start + head.length, length: stop - start - head.length };
      entries.push({ hex, at: Number(at), line: { offset: base + start, length: stop - start }, json });
    } else if (stop > start) damaged += 1;
    start = stop + 1;
  }
  return { entries, end: base + start, damaged };
}
