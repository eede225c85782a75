import { describe, expect, it } from "vitest";
import type { Observations, Sample } from "../../src/domain/metrics.ts";
import { after, look, NEXT, type Situation } from "./a-look.ts";
import { aMetric, aStep, CANDIDATE, HOUR, START } from "./world.ts";

type Row = readonly [name: string, situation: Situation, expected: Readonly<Record<string, unknown>>];

const worse = (version: string): number => (version === CANDIDATE.version ? 0.5 : 0.8);

/** The same with other samples of a metric and a version. */
function withSamples(
  { observations, ...rest }: Observations,
  where: { readonly metric: string; readonly version?: string; readonly from?: number; readonly to?: number },
  sample: Sample | null,
): Observations {
  const { metric, version = CANDIDATE.version, from = 0, to = Number.POSITIVE_INFINITY } = where;
  return {
    ...rest,
    observations: observations.flatMap((one) => {
      const isMeant = one.metric === metric && one.version === version;
      if (!isMeant || one.bucket < from || one.bucket >= to) return [one];
      return sample === null ? [] : [{ ...one, sample }];
    }),
  };
}

/** The last hours of the candidate's quality cannot be counted. */
const spoiltAtTheEnd = (seen: Observations): Observations =>
  withSamples(seen, { metric: "quality", from: START + 24 * HOUR }, { kind: "invalid", reason: "text" });

describe("numbers that cannot be", () => {
  const mean = { kind: "mean", n: 100, mean: 0.8, variance: 0.04 } as const;
  const rate = { kind: "proportion", n: 100, errors: 1 } as const;
  it.each<readonly [string, Sample, string]>([
    ["a mean that is none", { ...mean, mean: Number.NaN }, "quality"],
    ["an endless mean", { ...mean, mean: Number.POSITIVE_INFINITY }, "quality"],
    ["a negative variance", { ...mean, variance: -0.01 }, "quality"],
    ["a variance that is none", { ...mean, variance: Number.NaN }, "quality"],
    ["a negative number of samples", { ...mean, n: -1 }, "quality"],
    ["a number of samples that is none", { ...mean, n: Number.NaN }, "quality"],
    ["more errors than requests", { ...rate, errors: 101 }, "error_rate"],
    ["fewer than no errors", { ...rate, errors: -1 }, "error_rate"],
    ["errors that are no number", { ...rate, errors: Number.NaN }, "error_rate"],
    ["what the source itself calls invalid", { kind: "invalid", reason: "text" }, "quality"],
  ])("hold, and are no proof of anything: %s", (_, sample, metric) => {
    const decision = look({ observed: (seen) => withSamples(seen, { metric }, sample) });
    // Nothing was covered, which is said before what the metric says.
    expect(decision).toMatchObject({ event: "held", state: { verdicts: { [metric]: "invalid" } } });
    expect(decision.state?.coveredBuckets).toBe(0);
  });

  it("spoil a metric when they come last", () => {
    expect(look({ observed: spoiltAtTheEnd, hours: 28 })).toMatchObject({
      event: "held",
      reason: "invalid(quality)",
    });
  });

  it("count for nothing when they came once, hours ago", () => {
    const decision = look({
      observed: (seen) =>
        withSamples(seen, { metric: "quality", to: START + HOUR }, { kind: "invalid", reason: "text" }),
    });
    expect(decision).toMatchObject({ event: "advanced" });
  });

  it("do not hide harm that the other hours prove", () => {
    expect(look({ observed: spoiltAtTheEnd, traffic: { quality: worse } })).toMatchObject({
      reason: "harm(quality)",
    });
  });

  it.each([
    ["none", null],
    ["none of the candidate's requests", { ...mean, n: 0 }],
  ])("are not made of no measurement: %s", (_, sample) => {
    const decision = look({ observed: (seen) => withSamples(seen, { metric: "quality" }, sample) });
    expect(decision).toMatchObject({ event: "held", reason: "no_data(quality)" });
    expect(decision.metrics[0]).toMatchObject({ verdict: "no_data", difference: null, lower: null });
  });

  it("of assignments are not counted as served", () => {
    const decision = look({
      observed: (seen) => ({
        ...seen,
        assignments: seen.assignments.map((one) => ({ ...one, n: Number.NaN, newUnits: -5 })),
      }),
    });
    expect(decision).toMatchObject({ event: "held", reason: "no_data(assignments)" });
  });
});

describe("late scores", () => {
  const lateFrom = START + 25 * HOUR;
  const quality = (version: string, at: number): number => (at >= lateFrom ? worse(version) : 0.8);

  it("of the last two hours count for nothing yet", () => {
    expect(look({ traffic: { quality } })).toMatchObject({ event: "advanced" });
  });

  it("count when their hour has settled: all hours are judged again at every look", () => {
    const early = look({ hours: 20 });
    const later = look({ hours: 21, traffic: { quality: worse } });
    expect(early).toMatchObject({ reason: "soaking" });
    expect(later).toMatchObject({ event: "rolled-back", reason: "harm(quality)" });
  });
});

describe("a guardrail", () => {
  const canary = aStep({ minSoakMs: 24 * HOUR });
  it.each<Row>([
    [
      "that is worse ends the rollout though it is paused, frozen, not approved and waited for",
      {
        traffic: { quality: worse },
        strategy: {
          steps: [
            aStep({ name: "staging", weight: 0 }),
            { ...canary, approvals: 1 },
            aStep({ name: "full", weight: 100_000, holdback: 5000 }),
          ],
        },
        state: { queued: NEXT, pause: { since: after(1), by: "ana", reason: "x" } },
        input: { freeze: { by: "ana", reason: "sale", since: after(0), until: null } },
      },
      { event: "rolled-back", reason: "harm(quality)", order: "traffic-first", to: { weight: 0 } },
    ],
    [
      "with action hold holds on harm",
      { traffic: { latency: (version) => (version === CANDIDATE.version ? 7 : 6.5) } },
      { event: "held", reason: "harm(latency)" },
    ],
    [
      "with action hold lets what is undecided pass",
      {
        strategy: {
          metrics: [
            aMetric(),
            aMetric({ name: "latency", action: "hold", direction: "down", margin: 0.001, harmAt: 0.001 }),
          ],
        },
      },
      { event: "advanced" },
    ],
    [
      "with action warn never holds",
      {
        strategy: { metrics: [aMetric({ name: "cost", direction: "up" }), aMetric({ action: "warn" })] },
        traffic: { quality: worse },
      },
      { event: "advanced", metrics: [{}, { verdict: "harm" }] },
    ],
    [
      "on trial never holds",
      {
        strategy: { metrics: [aMetric({ name: "cost", direction: "up" }), aMetric({ dryRun: true })] },
        traffic: { quality: worse },
      },
      { event: "advanced" },
    ],
    [
      "of errors is proven by counts",
      { traffic: { errorRate: (version) => (version === CANDIDATE.version ? 0.1 : 0.01) } },
      { reason: "harm(error_rate)" },
    ],
    [
      "that cannot be told apart holds",
      { strategy: { metrics: [aMetric({ margin: 0.005, harmAt: 0.005 })] } },
      { reason: "inconclusive(quality)" },
    ],
  ])("%s", (_, situation, expected) => {
    expect(look(situation)).toMatchObject(expected);
  });

  it("is not judged on a small burn-in, however bad it looks", () => {
    expect(look({ hours: 3, traffic: { perHour: 1000, quality: worse } })).toMatchObject({
      reason: "soaking",
    });
  });
});
