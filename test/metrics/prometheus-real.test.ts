import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { prometheusMetrics } from "../../src/metrics/prometheus.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";
import { errorRate, latency, quality } from "../contracts/metrics-requests.ts";
import type { Served } from "./memory-metrics.ts";
import { countersOf, freePort, historyOf, startPrometheus, withoutPrometheus } from "./prometheus-server.ts";
import { prometheusSettings } from "./prometheus-settings.ts";

const DAY = Date.UTC(2026, 10, 20);
const HOUR = 3_600_000;

function served(version: string, prompt = "desk"): Served {
  return {
    at: "2026-11-20T09:30:00Z",
    prompt,
    version,
    scores: { quality: 0.5 },
    error: true,
    latencyMs: 100,
  };
}

describe.skipIf(withoutPrometheus !== null)("a real Prometheus server", () => {
  metricsContract("the source for Prometheus", {
    create: async (served) => {
      const history = historyOf(served, DAY + 8 * HOUR, DAY + 14 * HOUR);
      const server = await startPrometheus({ history });
      return { source: prometheusMetrics(prometheusSettings(server.url)), cleanup: () => server.close() };
    },
    unreachable: async () => ({
      source: prometheusMetrics(prometheusSettings(`http://127.0.0.1:${await freePort()}`)),
      cleanup: async () => {},
    }),
    withoutUnits: "counters are summed over all who asked",
  });

  const request = {
    prompt: "desk",
    versions: ["1.0.0", "2.0.0"],
    metrics: [quality, errorRate, latency],
    from: DAY + 9 * HOUR,
    to: DAY + 11 * HOUR,
    bucketMs: HOUR,
  };
  const { signal } = new AbortController();

  describe("questions", () => {
    const awkward = "a\"b\\c'd}{$世界👋";
    let server: Awaited<ReturnType<typeof startPrometheus>>;
    beforeAll(async () => {
      const inside = awkward.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
      const requests = [served("1.0.0"), served("2.0.0"), served("1x0.0"), served("1.0.0", inside)];
      server = await startPrometheus({ history: historyOf(requests, DAY + 8 * HOUR, DAY + 12 * HOUR) });
    });
    afterAll(() => server.close());

    const observe = (
      queries: Partial<Record<"quality" | "error_rate" | "latency" | "assignments", string>>,
      changes: Partial<typeof request> = {},
    ) => {
      const settings = prometheusSettings(server.url);
      const { assignments = settings.assignments, quality } = queries;
      const source = prometheusMetrics({
        ...settings,
        assignments,
        queries: {
          ...settings.queries,
          ...(quality === undefined
            ? {}
            : {
                quality: {
                  transform: "none",
                  read: { kind: "moments", n: quality, mean: quality, variance: quality },
                },
              }),
        },
      });
      return source.observe({ ...request, ...changes }, signal);
    };

    it.each([
      ["no PromQL", "sum by (version", /^n: bad_data: .*parse error/],
      ["a function that does not exist", "nothing_such(x[{{bucket}}])", /^n: bad_data: .*unknown function/],
      [
        "series without the label",
        "sum(served_total)",
        /^n: the answer has no label version: let the query end/,
      ],
      ["several series of a version", "served_total", /^n: several series for version 1\.0\.0/],
      ["a scalar without a label", "1", /^n: the answer has no label version/],
    ])("of %s cost that metric alone its answer", async (_, quality, expected) => {
      const { observations, errors, assignments } = await observe({ quality });
      expect(errors).toEqual([{ metric: "quality", message: expect.stringMatching(expected) }]);
      expect(new Set(observations.map(({ metric }) => metric))).toEqual(new Set(["error_rate", "latency"]));
      expect(assignments).toHaveLength(2);
    });

    it.each([
      ["NaN", "sum by (version) (served_total{prompt='desk'}) * NaN", "n is NaN"],
      ["infinite", "sum by (version) (served_total{prompt='desk'}) / 0", "n is +Inf"],
      ["negative", "sum by (version) (served_total{prompt='desk'}) - 9", "n is negative: -8"],
    ])("that are answered with a %s number give an invalid sample", async (_, quality, reason) => {
      const { observations, errors } = await observe({ quality }, { from: DAY + 10 * HOUR });
      expect(errors).toEqual([]);
      expect(observations.find(({ metric }) => metric === "quality")?.sample).toEqual({
        kind: "invalid",
        reason,
      });
    });

    it("about assignments that have no answer leave every metric without one", async () => {
      const { observations, assignments, errors } = await observe({ assignments: "served_total" });
      expect({ observations, assignments }).toEqual({ observations: [], assignments: [] });
      expect(errors.map(({ metric }) => metric)).toEqual(["quality", "error_rate", "latency"]);
      expect(errors[0]?.message).toMatch(/^assignments: several series/);
    });

    it("about series that nobody has are no data", async () => {
      const { observations, errors } = await observe({ quality: "sum by (version) (unheard_of)" });
      expect(errors).toEqual([]);
      expect(observations.filter(({ metric }) => metric === "quality")).toEqual([]);
    });

    it("find a prompt by its exact name, whatever characters it has", async () => {
      const { observations } = await observe({}, { prompt: awkward, versions: ["1.0.0"] });
      expect(observations).toHaveLength(3);
      const { observations: others } = await observe({}, { prompt: `x"} or {prompt=~".*` });
      expect(others).toEqual([]);
    });

    it("take a version's dots for dots", async () => {
      const count =
        'count by (version) (label_replace(served_total{version=~"{{versions}}"}, "version", "1.0.0", "", ""))';
      const { observations } = await observe(
        { quality: count },
        { versions: ["1.0.0"], from: DAY + 10 * HOUR },
      );
      const quality = observations.find(({ metric }) => metric === "quality");
      // Two prompts have 1.0.0; 1x0.0 would be a third series.
      expect(quality?.sample).toMatchObject({ n: 2 });
    });
  });

  it("is read while an application is being scraped", { timeout: 60_000 }, async () => {
    const requests: Served[] = ["1.0.0", "2.0.0"].map((version) => ({ at: "", prompt: "desk", version }));
    const application = http.createServer((_, response) => {
      const lines = [...countersOf(requests)].flatMap(([name, series]) =>
        [...series].map(([labels, value]) => `${name}_total${labels} ${value}`),
      );
      response.end(`${lines.join("\n")}\n`);
    });
    await new Promise<void>((resolve) => application.listen(0, "127.0.0.1", resolve));
    const { port } = application.address() as AddressInfo;
    const server = await startPrometheus({ target: `127.0.0.1:${port}` });
    try {
      const source = prometheusMetrics(prometheusSettings(server.url));
      const begin = Math.floor(Date.now() / 1000) * 1000;
      const since = async (): Promise<number> => {
        const address = `${server.url}/api/v1/query?query=sum(quality_count_total)`;
        const answer = (await (await fetch(address)).json()) as {
          data: { result: { value: [number, string] }[] };
        };
        return Number(answer.data.result[0]?.value[1] ?? Number.NaN);
      };
      await vi.waitFor(async () => expect(await since()).toBe(0), { timeout: 20_000, interval: 50 });
      const serve = (): void => {
        for (let index = 0; index < 100; index += 1) {
          requests.push({ ...served("1.0.0"), error: index % 10 === 0, scores: { quality: 0.8 } });
          requests.push({ ...served("2.0.0"), error: index % 2 === 0, scores: { quality: (index % 2) / 2 } });
        }
      };
      const observeNow = () => {
        const to = Math.max(begin, Math.floor(Date.now() / 1000) * 1000);
        return source.observe({ ...request, from: begin, to, bucketMs: 1000 }, signal);
      };
      const { observations, assignments } = await vi.waitFor(
        async () => {
          // What is added between the last scrape of one window and the first of the next is in neither.
          serve();
          const observed = await observeNow();
          expect(
            observed.observations.filter(({ metric }) => metric === "quality").length,
          ).toBeGreaterThanOrEqual(2);
          return observed;
        },
        { timeout: 30_000, interval: 200 },
      );
      const sampleOf = (metric: string, version: string) =>
        observations.find((one) => one.metric === metric && one.version === version)?.sample;
      const mean = sampleOf("quality", "1.0.0");
      expect(mean).toMatchObject({
        kind: "mean",
        mean: expect.closeTo(0.8, 9),
        variance: expect.closeTo(0, 9),
      });
      expect(sampleOf("quality", "2.0.0")).toMatchObject({ mean: expect.closeTo(0.25, 9) });
      expect(sampleOf("latency", "2.0.0")).toMatchObject({ mean: expect.closeTo(Math.log(100), 9) });
      const rate = sampleOf("error_rate", "2.0.0");
      expect(rate?.kind === "proportion" ? rate.errors / rate.n : null).toBeCloseTo(0.5, 1);
      expect(assignments.map(({ version }) => version)).toEqual(expect.arrayContaining(["1.0.0", "2.0.0"]));
      for (const { n } of assignments) expect(n).toBeGreaterThan(0);
    } finally {
      await server.close();
      application.closeAllConnections();
      await new Promise((resolve) => application.close(resolve));
    }
  });
});
