import type {
  Assignment,
  MetricQuery,
  Observation,
  ObservationNote,
  Observations,
  Sample,
} from "../domain/metrics.ts";
import {
  designEffect,
  requestSample,
  unitMean,
  unitProportion,
  unitTotals,
  type UnitSum,
} from "./samples.ts";
import type { BucketLines, Cell, Tally } from "./tally.ts";

type Basis = NonNullable<Observations["basis"]>;

/** One line in a hundred, and one line in a small bucket: a crash in the middle of a write leaves one. */
function tooManyMalformed({ lines, malformed }: BucketLines): boolean {
  return malformed > Math.max(1, (lines + malformed) / 100);
}

/** Units whose first bucket this is, with all that they did since. */
function* newUnits({ units, bucket }: Cell, index: number): Generator<UnitSum, void, undefined> {
  for (const record of units) {
    if (record[0] === bucket) yield { n: record[1 + index * 2] ?? 0, sum: record[2 + index * 2] ?? 0 };
  }
}

/** The sample of each cell, in their order; null = nothing was measured. */
function samplesOf(
  cells: readonly Cell[],
  { kind }: MetricQuery,
  index: number,
  basis: Basis,
): (Sample | null)[] {
  if (basis === "request") {
    return cells.map(({ moments }) => requestSample(kind, moments[index] ?? { n: 0, mean: 0, squares: 0 }));
  }
  const totals = cells.map((cell) => unitTotals(newUnits(cell, index)));
  if (kind === "mean") return totals.map(unitMean);
  const effect = designEffect(totals);
  return totals.map((total) => unitProportion(total, effect));
}

function invalidReason({ lines }: Tally, { bucket, faults }: Cell, index: number): string | null {
  const counts = lines.get(bucket);
  if (counts !== undefined && tooManyMalformed(counts)) {
    return `${counts.malformed} of ${counts.lines + counts.malformed} lines could not be read as requests`;
  }
  return faults[index] ?? null;
}

function assignmentOf({ version, bucket, units, unassigned }: Cell, basis: Basis): Assignment {
  if (basis === "request") return { version, bucket, n: unassigned, newUnits: unassigned };
  let fresh = 0;
  for (const record of units) if (record[0] === bucket) fresh += 1;
  return { version, bucket, n: units.size, newUnits: fresh };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Units of more than one version, and all units. */
function countUnits({ units }: Tally): { readonly several: number; readonly all: number } {
  const records = [...units.values()];
  let several = 0;
  let all = 0;
  for (const [index, own] of records.entries()) {
    const earlier = records.slice(0, index);
    const later = records.slice(index + 1);
    for (const unit of own.keys()) {
      if (earlier.some((other) => other.has(unit))) continue;
      all += 1;
      if (later.some((other) => other.has(unit))) several += 1;
    }
  }
  return { several, all };
}

function notesOf(tally: Tally, cells: readonly Cell[], basis: Basis): ObservationNote[] {
  const notes: ObservationNote[] = [];
  const unassigned = sum(cells.map((cell) => cell.unassigned));
  const assigned = sum(cells.map((cell) => cell.assigned));
  if (basis === "unit" && unassigned > 0) {
    const message = `${unassigned} of ${assigned + unassigned} requests name no unit and were left out, as others name one`;
    notes.push({ kind: "unassigned", count: unassigned, message });
  }
  const { several, all } = countUnits(tally);
  if (several > 0) {
    const message = `${several} of ${all} units were served more than one version`;
    notes.push({ kind: "several-versions", count: several, message });
  }
  const malformed = sum([...tally.lines.values()].map((bucket) => bucket.malformed));
  if (malformed > 0) {
    const message = `${malformed} lines could not be read as requests`;
    notes.push({ kind: "malformed", count: malformed, message });
  }
  return notes;
}

/** What a tally amounts to: samples are units as soon as one request names its unit, else requests. */
export function tallyObservations(tally: Tally, metrics: readonly MetricQuery[]): Observations {
  const cells = [...tally.cells.values()].sort((left, right) => left.bucket - right.bucket);
  const basis = cells.some(({ assigned }) => assigned > 0) ? "unit" : "request";

  function observationsOf(query: MetricQuery, index: number): Observation[] {
    const samples = samplesOf(cells, query, index, basis);
    return cells.flatMap((cell, position) => {
      const reason = invalidReason(tally, cell, index);
      const sample = reason === null ? samples[position] : { kind: "invalid" as const, reason };
      if (sample === undefined || sample === null) return [];
      return [{ metric: query.name, version: cell.version, bucket: cell.bucket, sample }];
    });
  }

  return {
    basis,
    observations: metrics.flatMap(observationsOf),
    assignments: cells.map((cell) => assignmentOf(cell, basis)).filter(({ n }) => n > 0),
    errors: [],
    notes: notesOf(tally, cells, basis),
  };
}
