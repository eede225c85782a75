import { afterAll, describe, expect, it } from "vitest";
import type { MetricsSource, Observations, ObserveRequest } from "../../src/domain/metrics.ts";
import type { Served } from "../metrics/memory-metrics.ts";
import {
  aRequest,
  HOUR,
  isMean,
  PRODUCTION,
  quality,
  sampleOf,
  START,
  withoutNoise,
  withUnits,
} from "./metrics-requests.ts";

interface OpenedMetrics {
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
  /** Why the source has an outcome of every request; without it a request may have none. */
  readonly knowsOutcomes?: string;
}

const never = new AbortController().signal;

/** Everything that the port promises; every source passes it, the fake of the tests included. */
export function metricsContract(name: string, subject: MetricsSubject): void {
  const { create, unreachable, withoutUnits, knowsOutcomes } = subject;
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
        ...(knowsOutcomes === undefined ? [] : ["error_rate 2.0.0 2"]),
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
        expect(withoutNoise(observations)).toEqual(withoutNoise(byRequest.observations));
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
