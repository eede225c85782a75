import type { Observation, Observations } from "../../src/domain/metrics.ts";
import { decide } from "../../src/rollout/decide.ts";
import { seededRandom, type Random } from "../../src/stats/random.ts";
import { canaryState, registryOf } from "./canary.ts";
import { errors, fresh, HOUR, LOOKS, shipped, START, type Hours } from "./draws.ts";

const PER_HOUR = [50, 950] as const;
const [CANDIDATE, CONTROL] = ["1.1.0", "1.0.0"];

/** What the shipped metrics show of a candidate whose quality is worse by `drop`, and nothing else. */
function metricsOf(drop: number): readonly (readonly [name: string, hours: Hours])[] {
  return [
    ["quality", fresh(PER_HOUR, drop)],
    ["error_rate", errors(PER_HOUR, [0.01, 0.01])],
    ["latency", fresh(PER_HOUR, 0)],
    ["cost", fresh(PER_HOUR, 0)],
  ];
}

type Ending = "rolled-back" | "advanced" | "undecided";

/** One canary step under the whole policy: what `decide` says at hourly looks until the step is left. */
function oneStep(drop: number, random: Random): { readonly ending: Ending; readonly hour: number } {
  const metrics = metricsOf(drop).map(([name, hours]) => ({ name, draw: hours(random) }));
  const first = canaryState(shipped);
  const registry = registryOf(first);
  const observations: Observation[] = [];
  const assignments: Observations["assignments"][number][] = [];
  let state = first;
  for (let hour = 1; hour <= LOOKS; hour += 1) {
    const bucket = START + (hour - 1) * HOUR;
    for (const { name, draw } of metrics) {
      const { candidate, control } = draw(hour);
      observations.push(
        { metric: name, version: CANDIDATE, bucket, sample: candidate },
        { metric: name, version: CONTROL, bucket, sample: control },
      );
    }
    for (const [index, version] of [CANDIDATE, CONTROL].entries()) {
      const n = PER_HOUR[index] ?? 0;
      assignments.push({ version, bucket, n, newUnits: n });
    }
    const decision = decide({
      state,
      strategy: shipped,
      registry,
      others: [],
      metrics: {
        kind: "observed",
        observations: { basis: "unit", observations, assignments, errors: [] },
      },
      freeze: null,
      clock: { now: START + hour * HOUR, store: null },
      by: "bench",
    });
    if (decision.event === "rolled-back" || decision.event === "advanced") {
      return { ending: decision.event, hour };
    }
    state = decision.state ?? state;
  }
  return { ending: "undecided", hour: LOOKS };
}

interface Row {
  readonly name: string;
  readonly drop: number;
  readonly ending: Ending;
  readonly bound: readonly ["at most" | "at least", number];
}

const rows: readonly Row[] = [
  { name: "no change", drop: 0, ending: "rolled-back", bound: ["at most", 0.05] },
  { name: "no change", drop: 0, ending: "advanced", bound: ["at least", 0.9] },
  { name: "3 points worse, the margin", drop: 0.03, ending: "advanced", bound: ["at most", 0.05] },
  { name: "5 points worse", drop: 0.05, ending: "rolled-back", bound: ["at least", 0.99] },
];

/** The whole policy at four metrics; true when every bound is kept. */
export function benchPolicy(runs: number): boolean {
  console.log(
    "\nall shipped metrics, 50/950 an hour    ending        share     bound            median hour",
  );
  const outcomes = new Map(
    [...new Set(rows.map(({ drop }) => drop))].map((drop, index) => {
      const random = seededRandom(9_000 + index);
      return [drop, Array.from({ length: runs }, () => oneStep(drop, random))] as const;
    }),
  );
  return rows
    .map(({ name, drop, ending, bound: [word, limit] }) => {
      const hours = (outcomes.get(drop) ?? [])
        .filter((outcome) => outcome.ending === ending)
        .map(({ hour }) => hour)
        .toSorted((left, right) => left - right);
      const share = hours.length / runs;
      const isKept = word === "at most" ? share <= limit : share >= limit;
      const figure = `${(100 * share).toFixed(1)} %`.padEnd(10);
      const median = hours[Math.floor(hours.length / 2)] ?? "-";
      console.log(
        `${name.padEnd(39)}${ending.padEnd(14)}${figure}${`${word} ${100 * limit} %`.padEnd(17)}${median}${isKept ? "" : "  ! missed"}`,
      );
      return isKept;
    })
    .every(Boolean);
}
