import { seededRandom, shuffled } from "../stats/random.ts";

/** A case as the plan needs it. */
export interface PlanEntry {
  readonly id: string;
  /** Cases of one group stay together and count as one unit. */
  readonly group?: string;
  /** Looks at part of the dataset hold every stratum in its share. */
  readonly stratum?: string;
}

interface Unit {
  readonly key: string;
  readonly stratum: string;
  readonly ids: string[];
}

function unitsOf(entries: readonly PlanEntry[]): Unit[] {
  const units = new Map<string, Unit>();
  for (const entry of entries) {
    const key = entry.group === undefined ? `case ${entry.id}` : `group ${entry.group}`;
    const unit = units.get(key);
    if (unit === undefined) units.set(key, { key, stratum: entry.stratum ?? "", ids: [entry.id] });
    else unit.ids.push(entry.id);
  }
  return [...units.values()];
}

function ascending(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Places the i-th of a stratum's s units at (i + offset) / s of the way, so that every prefix is balanced. */
function interleaved(units: readonly Unit[], random: () => number): Unit[] {
  const strata = new Map<string, { size: number; placed: number; offset: number }>();
  for (const { stratum } of units) {
    const known = strata.get(stratum);
    if (known === undefined) strata.set(stratum, { size: 1, placed: 0, offset: random() });
    else known.size += 1;
  }
  const placed = units.map((unit, index) => {
    const stratum = strata.get(unit.stratum) ?? { size: 1, placed: 0, offset: 0 };
    const position = (stratum.placed + stratum.offset) / stratum.size;
    stratum.placed += 1;
    return { unit, index, position };
  });
  placed.sort((left, right) => left.position - right.position || left.index - right.index);
  return placed.map(({ unit }) => unit);
}

/**
 * The reproducible order of the cases: whole clusters, shuffled by the seed, strata interleaved. The order in which
 * entries arrive does not matter. `unitSizes[i]` cases form the i-th unit.
 */
export function caseOrder(
  entries: readonly PlanEntry[],
  seed: number,
): { readonly order: string[]; readonly unitSizes: number[]; readonly clustered: boolean } {
  const random = seededRandom(seed);
  const units = unitsOf([...entries].sort((left, right) => ascending(left.id, right.id)));
  units.sort((left, right) => ascending(left.key, right.key));
  const arranged = interleaved(shuffled(units, random), random);
  return {
    order: arranged.flatMap((unit) => unit.ids),
    unitSizes: arranged.map((unit) => unit.ids.length),
    clustered: entries.some((entry) => entry.group !== undefined),
  };
}
