import type { ObserveRequest } from "../domain/metrics.ts";
import { requestValue, type ServedRequest } from "./request-line.ts";
import { addValue, type Moments } from "./samples.ts";

/** All that one unit did with one version: its first bucket, then for each metric how many values, and their sum. */
type UnitRecord = number[];

/** What one version did in one bucket of time. */
export interface Cell {
  readonly version: string;
  readonly bucket: number;
  readonly units: Set<UnitRecord>;
  /** Requests that name their unit. */
  assigned: number;
  /** Requests that name none, and their values by metric. */
  unassigned: number;
  readonly moments: readonly Moments[];
  /** By metric: why a value can be none; null = all can. */
  readonly faults: (string | null)[];
}

/** Lines of all prompts in one bucket of time. */
export interface BucketLines {
  lines: number;
  malformed: number;
}

/** Grows with the buckets and with the units that were served, not with the lines. */
export interface Tally {
  /** By start. */
  readonly lines: ReadonlyMap<number, BucketLines>;
  readonly cells: ReadonlyMap<string, Cell>;
  /** By version and unit. */
  readonly units: ReadonlyMap<string, ReadonlyMap<string, UnitRecord>>;
  /** False for a time that was not asked about. */
  covers(at: number): boolean;
  add(served: ServedRequest): void;
  /** A line that is no request; it is counted in the bucket of `near`, a time in its neighbourhood. */
  addMalformed(near: number): void;
}

function emptyCell(version: string, bucket: number, metrics: number): Cell {
  return {
    version,
    bucket,
    units: new Set(),
    assigned: 0,
    unassigned: 0,
    moments: Array.from({ length: metrics }, () => ({ n: 0, mean: 0, squares: 0 })),
    faults: Array.from({ length: metrics }, () => null),
  };
}

function addValues(
  cell: Cell,
  fields: ServedRequest["fields"],
  unit: UnitRecord | null,
  metrics: ObserveRequest["metrics"],
): void {
  for (const [index, query] of metrics.entries()) {
    const value = requestValue(query, fields);
    if (value === null) continue;
    if (typeof value === "object") cell.faults[index] ??= value.fault;
    else if (unit === null) addValue(cell.moments[index] as Moments, value);
    else {
      unit[1 + index * 2] = (unit[1 + index * 2] ?? 0) + 1;
      unit[2 + index * 2] = (unit[2 + index * 2] ?? 0) + value;
    }
  }
}

function noLines(): BucketLines {
  return { lines: 0, malformed: 0 };
}

/** What the map has under a key, made first where there is nothing. */
function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const fresh = create();
  map.set(key, fresh);
  return fresh;
}

/** Counts the requests that were asked about; lines outside the time are looked at and forgotten. */
export function createTally({ prompt, versions, metrics, from, to, bucketMs }: ObserveRequest): Tally {
  const lines = new Map<number, BucketLines>();
  const cells = new Map<string, Cell>();
  const units = new Map(versions.map((version) => [version, new Map<string, UnitRecord>()]));

  const newRecord = (bucket: number): UnitRecord => [bucket, ...metrics.flatMap(() => [0, 0])];

  function bucketOf(at: number): number | null {
    return at < from || at >= to ? null : Math.floor(at / bucketMs) * bucketMs;
  }

  return {
    lines,
    cells,
    units,
    covers: (at) => bucketOf(at) !== null,
    add({ at, prompt: served, version, unit, fields }) {
      const bucket = bucketOf(at);
      if (bucket === null) return;
      entryOf(lines, bucket, noLines).lines += 1;
      const records = units.get(version);
      if (served !== prompt || records === undefined) return;
      const cell = entryOf(cells, `${bucket} ${version}`, () => emptyCell(version, bucket, metrics.length));
      const record = unit === null ? null : entryOf(records, unit, () => newRecord(bucket));
      if (record === null) cell.unassigned += 1;
      else {
        cell.assigned += 1;
        cell.units.add(record);
        // Lines of several servers need not come in the order of time.
        if (bucket < (record[0] ?? bucket)) record[0] = bucket;
      }
      addValues(cell, fields, record, metrics);
    },
    addMalformed(near) {
      const bucket = bucketOf(near);
      if (bucket !== null) entryOf(lines, bucket, noLines).malformed += 1;
    },
  };
}
