import { describe, expect, it } from "vitest";
import { simulate, type SimulateInput, type Simulation } from "../../src/rollout/simulate.ts";
import { aStrategy, CANDIDATE, DAY, HOUR, observing, STABLE, START, type Traffic } from "./world.ts";

/** The times at which an equal candidate goes on under the shipped strategy, and its share of the units from then on. */
const SHARES = [
  { at: START, share: 0 },
  { at: START + 24 * HOUR, share: 0.05 },
  { at: START + 50 * HOUR, share: 0.25 },
  { at: START + 76 * HOUR, share: 0.5 },
  { at: START + 102 * HOUR, share: 0.95 },
];

function run(traffic: Partial<Traffic>, fields: Partial<SimulateInput> = {}): Simulation {
  return simulate({
    prompt: "desk",
    strategy: aStrategy(),
    candidate: CANDIDATE,
    stable: STABLE,
    start: START,
    everyMs: HOUR,
    until: START + 12 * DAY,
    observe: observing({
      perHour: 2000,
      share: (bucket) => SHARES.findLast(({ at }) => at <= bucket)?.share ?? 0,
      ...traffic,
    }),
    ...fields,
  });
}

function isAwake(bucket: number): boolean {
  return (bucket / HOUR) % 24 < 14;
}

describe("simulate", () => {
  it("takes an equal candidate through every step to the end", () => {
    const { decisions, final } = run({});
    const raised = decisions.filter(({ action }) => action === "advance");
    expect(raised.map(({ step }) => step)).toEqual([
      "staging",
      "canary5",
      "canary25",
      "canary50",
      "full",
      "full",
    ]);
    expect(final).toEqual({ phase: "completed", step: "full", weight: 100_000 });
  });

  it("rolls a worse candidate back at the first step", () => {
    const { decisions, final } = run({ quality: (version) => (version === CANDIDATE.version ? 0.74 : 0.8) });
    expect(decisions.at(-1)).toMatchObject({ action: "rollback", reason: "harm(quality)", weight: 0 });
    expect(final).toEqual({ phase: "rolled-back", step: "canary5", weight: 0 });
  });

  it("never raises anything without metrics", () => {
    const { decisions, final } = run({ perHour: 0 }, { until: START + 3 * DAY });
    expect(decisions.slice(1).map(({ action }) => action)).not.toContain("advance");
    expect(decisions.at(-1)).toMatchObject({ action: "hold", reason: "no_data(quality)" });
    expect(final).toEqual({ phase: "staging", step: "staging", weight: 0 });
  });

  it("takes the candidate back when a log that was busy the day before falls silent", () => {
    const silentFrom = START + 30 * HOUR;
    const observe = observing({
      perHour: 2000,
      share: (bucket) => SHARES.findLast(({ at }) => at <= bucket)?.share ?? 0,
    });
    const { decisions, final } = run(
      {},
      { observe: (request) => observe({ ...request, to: Math.min(request.to, silentFrom) }) },
    );
    expect(decisions.at(-1)).toMatchObject({
      action: "rollback",
      reason: "blind",
      at: new Date(silentFrom + 8 * HOUR).toISOString(),
    });
    expect(final.weight).toBe(0);
  });

  it("does not take a quiet night for a silent log", () => {
    const day = observing({ perHour: 2000, share: (bucket) => (bucket < START + DAY ? 0 : 0.05) });
    const { decisions } = run(
      {},
      {
        until: START + 2.6 * DAY,
        observe: (request) => {
          const { observations, assignments, ...rest } = day(request);
          return {
            ...rest,
            observations: observations.filter(({ bucket }) => isAwake(bucket)),
            assignments: assignments.filter(({ bucket }) => isAwake(bucket)),
          };
        },
      },
    );
    expect(decisions.map(({ action }) => action)).not.toContain("rollback");
  });

  it("says the same twice", () => {
    expect(run({})).toEqual(run({}));
  });
});
