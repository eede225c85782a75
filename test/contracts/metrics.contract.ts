import { afterAll, describe, expect, it } from "vitest";
import type {
  MetricQuery,
  MetricsSource,
  Observations,
  ObserveRequest,
  Sample,
} from "../../src/domain/metrics.ts";
import type { Served } from "../metrics/memory-metrics.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 20, 9);

export const quality: MetricQuery = { name: "quality", kind: "mean", transform: "none" };
export const errorRate: MetricQuery = { name: "error_rate", kind: "proportion", transform: "none" };
export const latency: MetricQuery = { name: "latency", kind: "mean", transform: "ln" };

export interface OpenedMetrics {
  readonly source: MetricsSource;
  readonly cleanup: () => Promise<void>;
}

export interface MetricsSubject {
  /** A source of production in which exactly these requests were served. */
  readonly create: (served: readonly Served[]) => Promise<OpenedMetrics>;
  /** A source that cannot be reached. */
  readonly unreachable: () => Promise<OpenedMetrics>;
  /** Why the source knows no units, or null when it does. */
  readonly withoutUnits: string | null;
}

/** `10:05` of the day of the tests. */
function at(clock: string): string {
  return `2026-11-20T${clock}:00Z`;
}

function aRequest(changes: Partial<ObserveRequest> = {}): ObserveRequest {
  return {
    prompt: "desk",
    versions: ["1.0.0", "2.0.0"],
    metrics: [quality, errorRate, latency],
    from: START,
    to: START + 4 * HOUR,
    bucketMs: HOUR,
    ...changes,
  };
}

/** What two versions did from 9 to 12; nothing happens from 11 to 12 but an answer of version 2. */
const PRODUCTION: readonly Served[] = [
  {
    at: at("09:10"),
    prompt: "desk",
    version: "1.0.0",
    scores: { quality: 0.5 },
    error: false,
    latencyMs: 100,
  },
  { at: at("09:20"), prompt: "desk", version: "1.0.0", scores: { quality: 1 }, error: true, latencyMs: 400 },
  { at: at("09:30"), prompt: "desk", version: "1.0.0", error: false, latencyMs: 200 },
  {
    at: at("09:40"),
    prompt: "desk",
    version: "2.0.0",
    scores: { quality: 0.25 },
    error: false,
    latencyMs: 100,
  },
  {
    at: at("10:15"),
    prompt: "desk",
    version: "2.0.0",
    scores: { quality: 0.75 },
    error: true,
    latencyMs: 50,
  },
  {
    at: at("10:45"),
    prompt: "desk",
    version: "2.0.0",
    scores: { quality: 0.25 },
    error: true,
    latencyMs: 50,
  },
  {
    at: at("10:50"),
    prompt: "other",
    version: "2.0.0",
    scores: { quality: 0 },
    error: true,
    latencyMs: 9000,
  },
  { at: at("11:30"), prompt: "desk", version: "2.0.0" },
  { at: at("12:30"), prompt: "desk", version: "3.0.0", scores: { quality: 0 }, error: true, latencyMs: 9 },
];

const withUnits = (...units: readonly string[]): Served[] =>
  PRODUCTION.map((served, index) => ({ ...served, unit: units[index] ?? `u${index}` }));

function sampleOf(
  { observations }: Observations,
  metric: string,
  version: string,
  hour: number,
): Sample | undefined {
  const found = observations.filter(
    (one) => one.metric === metric && one.version === version && one.bucket === START + hour * HOUR,
  );
  expect(found.length).toBeLessThan(2);
  return found[0]?.sample;
}

function isMean(sample: Sample | undefined, n: number, mean: number, variance: number): void {
  expect(sample).toEqual({
    kind: "mean",
    n,
    mean: expect.closeTo(mean, 9),
    variance: expect.closeTo(variance, 9),
  });
}

const never = new AbortController().signal;

/** Everything that the port promises; every source passes it, the fake of the tests included. */
export function metricsContract(name: string, { create, unreachable, withoutUnits }: MetricsSubject): void {
  describe(`${name} keeps the promises of a source of metrics`, () => {
    const opened: OpenedMetrics[] = [];
    afterAll(async () => {
      for (const { cleanup } of opened) await cleanup();
    });
    const production = new Map<readonly Served[], Promise<OpenedMetrics>>();

    async function observe(
      changes: Partial<ObserveRequest> = {},
      served: readonly Served[] = PRODUCTION,
    ): Promise<Observations> {
      const open = production.get(served) ?? create(served);
      production.set(served, open);
      const one = await open;
      if (!opened.includes(one)) opened.push(one);
      return one.source.observe(aRequest(changes), never);
    }

    it("gives number, mean and variance of a score for each version and bucket", async () => {
      const observed = await observe();
      expect(observed.errors).toEqual([]);
      isMean(sampleOf(observed, "quality", "1.0.0", 0), 2, 0.75, 0.125);
      isMean(sampleOf(observed, "quality", "2.0.0", 1), 2, 0.5, 0.125);
    });

    it("gives a single value without a variance", async () => {
      isMean(sampleOf(await observe(), "quality", "2.0.0", 0), 1, 0.25, 0);
    });

    it("gives number and errors of a rate", async () => {
      const observed = await observe();
      expect(sampleOf(observed, "error_rate", "1.0.0", 0)).toEqual({ kind: "proportion", n: 3, errors: 1 });
      expect(sampleOf(observed, "error_rate", "2.0.0", 0)).toEqual({ kind: "proportion", n: 1, errors: 0 });
      expect(sampleOf(observed, "error_rate", "2.0.0", 1)).toEqual({ kind: "proportion", n: 2, errors: 2 });
    });

    it("gives the mean of logarithms where they are asked for", async () => {
      const [low, middle, high] = [Math.log(100), Math.log(200), Math.log(400)];
      isMean(
        sampleOf(await observe(), "latency", "1.0.0", 0),
        3,
        (low + middle + high) / 3,
        ((high - middle) ** 2 + (middle - low) ** 2) / 2,
      );
    });

    it("has no observation where nothing was measured, rather than a zero", async () => {
      const { observations } = await observe();
      const places = observations.map(
        ({ metric, version, bucket }) => `${metric} ${version} ${(bucket - START) / HOUR}`,
      );
      expect(places.sort()).toEqual([
        "error_rate 1.0.0 0",
        "error_rate 2.0.0 0",
        "error_rate 2.0.0 1",
        "latency 1.0.0 0",
        "latency 2.0.0 0",
        "latency 2.0.0 1",
        "quality 1.0.0 0",
        "quality 2.0.0 0",
        "quality 2.0.0 1",
      ]);
    });

    it("counts who was served what, measured or not", async () => {
      const { assignments } = await observe();
      const counts = assignments.map(
        ({ version, bucket, n }) => `${version} ${(bucket - START) / HOUR}: ${n}`,
      );
      expect(counts.sort()).toEqual(["1.0.0 0: 3", "2.0.0 0: 1", "2.0.0 1: 2", "2.0.0 2: 1"]);
    });

    it("answers for the time asked alone: with its beginning, without its end", async () => {
      const { observations, assignments } = await observe({ from: START + HOUR, to: START + 2 * HOUR });
      expect(new Set(observations.map(({ bucket }) => bucket))).toEqual(new Set([START + HOUR]));
      expect(assignments).toEqual([{ version: "2.0.0", bucket: START + HOUR, n: 2, newUnits: 2 }]);
    });

    it("answers for the metrics asked alone", async () => {
      const { observations } = await observe({ metrics: [quality] });
      expect(new Set(observations.map(({ metric }) => metric))).toEqual(new Set(["quality"]));
    });

    it("answers for the versions asked alone", async () => {
      const { observations, assignments } = await observe({ versions: ["1.0.0"] });
      expect(new Set(observations.map(({ version }) => version))).toEqual(new Set(["1.0.0"]));
      expect(new Set(assignments.map(({ version }) => version))).toEqual(new Set(["1.0.0"]));
    });

    it("has nothing of a prompt that nobody was served", async () => {
      const { observations, assignments, errors } = await observe({ prompt: "unknown" });
      expect({ observations, assignments, errors }).toEqual({
        observations: [],
        assignments: [],
        errors: [],
      });
    });

    it("gives the same answer to the same question", async () => {
      expect(await observe()).toEqual(await observe());
    });

    it("says that an interrupted question was interrupted", async () => {
      await observe();
      const { source } = opened[0] as OpenedMetrics;
      await expect(source.observe(aRequest(), AbortSignal.abort())).rejects.toMatchObject({
        code: "INTERRUPTED",
      });
    });

    it("fails when it cannot be reached, rather than to have no data", async () => {
      const { source, cleanup } = await unreachable();
      try {
        const failure = await source.observe(aRequest(), never).then(
          () => null,
          (error: unknown) => error,
        );
        expect(failure).toMatchObject({ name: "GateError", hint: expect.any(String) });
        expect(["METRICS_FAILED", "NETWORK"]).toContain((failure as { code: string }).code);
      } finally {
        await cleanup();
      }
    });

    if (withoutUnits !== null) {
      it(`says that its samples count requests: ${withoutUnits}`, async () => {
        expect((await observe()).basis).toBe("request");
      });
      return;
    }

    describe("units", () => {
      const repeated = withUnits("a", "a", "b");

      it("are what the samples count where they are known", async () => {
        expect((await observe()).basis).toBe("request");
        expect((await observe({}, repeated)).basis).toBe("unit");
      });

      it("count once a bucket however often they ask", async () => {
        const observed = await observe({}, repeated);
        isMean(sampleOf(observed, "quality", "1.0.0", 0), 1, 0.75, 0);
        expect(observed.assignments).toContainEqual({
          version: "1.0.0",
          bucket: START,
          n: 2,
          newUnits: 2,
        });
      });

      it("give means over requests with the spread between units", async () => {
        // Unit a: 2 requests, ln 100 + ln 400; unit b: 1 request, ln 200. Both means are ln 200, so nothing spreads.
        isMean(sampleOf(await observe({}, repeated), "latency", "1.0.0", 0), 2, Math.log(200), 0);
      });

      it("give the samples of requests where no unit repeats", async () => {
        const { observations, assignments } = await observe({}, withUnits());
        const byRequest = await observe();
        expect(assignments).toEqual(byRequest.assignments);
        for (const { metric, version, bucket, sample } of observations) {
          const other = sampleOf(byRequest, metric, version, (bucket - START) / HOUR);
          if (sample.kind === "mean") {
            if (other?.kind !== "mean") throw new Error("expected a mean");
            isMean(other, sample.n, sample.mean, sample.variance);
          } else expect(other).toEqual(sample);
        }
      });

      it("belong to the bucket that saw them first, with all that they did since", async () => {
        // Version 2: a at 9:40 with 0.25 and at 10:15 with 0.75; b at 10:45 and at 11:30.
        const observed = await observe({}, withUnits("x", "y", "z", "a", "a", "b", "-", "b"));
        isMean(sampleOf(observed, "quality", "2.0.0", 0), 1, 0.5, 0);
        isMean(sampleOf(observed, "quality", "2.0.0", 1), 1, 0.25, 0);
        const ofTwo = observed.assignments.filter(({ version }) => version === "2.0.0");
        expect(ofTwo.map(({ n, newUnits }) => [n, newUnits])).toEqual([
          [1, 1],
          [2, 1],
          [1, 0],
        ]);
      });

      it("leave out requests that name none", async () => {
        const [first, ...rest] = withUnits() as [Served, ...Served[]];
        const { unit: _, ...unassigned } = first;
        const observed = await observe({}, [unassigned, ...rest]);
        expect(sampleOf(observed, "error_rate", "1.0.0", 0)).toMatchObject({ n: 2, errors: 1 });
        expect(observed.assignments).toContainEqual({
          version: "1.0.0",
          bucket: START,
          n: 2,
          newUnits: 2,
        });
      });
    });
  });
}
