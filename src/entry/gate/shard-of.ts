import { createHash } from "node:crypto";
import { GateError } from "../../domain/errors.ts";
import type { CaseEntry } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";

/** The `index`-th of `of` parts of a run's cases, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** More parts than this are a typing mistake. */
export const MOST_SHARDS = 10_000;

/** `2/8` -> the second of eight shards. Throws `USAGE`. */
export function parseShard(text: string): Shard {
  const [, first = "", last = ""] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
  const [index, of] = [Number(first), Number(last)];
  if (index >= 1 && index <= of && of <= MOST_SHARDS) return { index, of };
  throw new GateError("USAGE", `expected a shard such as 2/8, got "${visibleLine(text, 40)}"`, {
    hint: "--shard i/n is the i-th of n parts, i from 1 to n",
  });
}

/**
 * Which of `of` shards a case belongs to, counted from 1: the first 48 bits of the SHA-256 of `group <group>`, or of
 * `case <id>` where it has no group, modulo `of`. A cluster stays together, and so do all samples of a case.
 */
export function shardOf({ id, group }: Pick<CaseEntry, "id" | "group">, of: number): number {
  const unit = group === undefined ? `case ${id}` : `group ${group}`;
  return (createHash("sha256").update(unit, "utf8").digest().readUIntBE(0, 6) % of) + 1;
}
