import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/domain/metrics.ts";
import { prometheusMetrics } from "../../src/metrics/prometheus.ts";
import { aServer, FROM, HOUR, matrix, observe, PLAIN, request, series } from "./a-prometheus.ts";
import { prometheusSettings } from "./prometheus-settings.ts";

/** What a server with these numbers of version 1.0.0 in the first bucket amounts to. */
async function samplesOf(numbers: Readonly<Record<string, string>>) {
  const url = await aServer((form, response) => {
    const value = numbers[form.get("query") ?? ""];
    response.end(matrix(value === undefined ? [] : [series("1.0.0", value)]));
  });
  const { observations, notes, errors, assignments } = await observe(url);
  const of = (metric: string): Sample | undefined =>
    observations.find((one) => one.metric === metric)?.sample;
  return { quality: of("quality"), errorRate: of("error_rate"), notes, errors, assignments };
}

describe("a question", () => {
  it("goes out once a query, with the bucket as the step and its end as the time", async () => {
    const asked: string[] = [];
    const url = await aServer((form, response, { url, headers }) => {
      asked.push(`${url} ${form.get("query")} ${form.get("start")} ${form.get("end")} ${form.get("step")}`);
      expect(headers["x-scope-orgid"]).toBe("team");
      response.end(matrix([series("1.0.0", "3", "4")]));
    });
    const queries = {
      ...PLAIN.queries,
      error_rate: { transform: "none", read: { kind: "proportion", n: "n", errors: "sum" } },
    } as const;
    const { assignments } = await observe(`${url}/prometheus/`, {
      queries,
      headers: { "X-Scope-OrgID": "team" },
    });
    const [start, end] = [(FROM + HOUR) / 1000, (FROM + 2 * HOUR) / 1000];
    expect(asked).toEqual(
      ["assignments", "n", "sum", "squares"].map(
        (query) => `/prometheus/api/v1/query_range ${query} ${start} ${end} 3600`,
      ),
    );
    expect(assignments).toEqual([
      { version: "1.0.0", bucket: FROM, n: 3, newUnits: 3 },
      { version: "1.0.0", bucket: FROM + HOUR, n: 4, newUnits: 4 },
    ]);
  });

  it("without a bucket asks nobody, and with too many is refused", async () => {
    const source = prometheusMetrics(prometheusSettings("http://127.0.0.1:1", PLAIN));
    const { signal } = new AbortController();
    expect(await source.observe({ ...request, to: request.from }, signal)).toMatchObject({
      observations: [],
      errors: [],
    });
    await expect(source.observe({ ...request, bucketMs: 100 }, signal)).rejects.toMatchObject({
      code: "METRICS_FAILED",
    });
  });

  it("for a metric without a query is answered with an error", async () => {
    const url = await aServer((_, response) => void response.end(matrix([])));
    const { errors } = await observe(url, { queries: {} });
    expect(errors.map(({ metric }) => metric)).toEqual(["quality", "error_rate"]);
  });
});

describe("numbers", () => {
  it("with the fractions of an extrapolation are rounded, requests down", async () => {
    const { quality, errorRate, assignments } = await samplesOf({
      assignments: "20.9",
      n: "10.1695",
      sum: "5.08475",
      squares: "3.05085",
      answered: "101.69",
      failed: "5.0847",
    });
    expect(quality).toEqual({
      kind: "mean",
      n: 10,
      mean: expect.closeTo(0.5, 9),
      variance: expect.closeTo((3.05085 - 10.1695 / 4) / 9.1695, 9),
    });
    expect(errorRate).toEqual({ kind: "proportion", n: 101, errors: 5 });
    expect(assignments).toMatchObject([{ n: 20 }]);
  });

  it.each([
    ["all errors", { answered: "3.4", failed: "3.4" }, { kind: "proportion", n: 3, errors: 3 }],
    [
      "more errors than requests",
      { answered: "3", failed: "5" },
      { kind: "invalid", reason: "5 errors among 3" },
    ],
    [
      "negative errors",
      { answered: "3", failed: "-1" },
      { kind: "invalid", reason: "errors is negative: -1" },
    ],
    ["errors that are none", { answered: "3", failed: "NaN" }, { kind: "invalid", reason: "errors is NaN" }],
    [
      "words",
      { answered: "many\u001b[31m", failed: "1" },
      { kind: "invalid", reason: "n is many\\u{1b}[31m" },
    ],
    ["no requests", { answered: "0", failed: "NaN" }, undefined],
    ["a part of a request", { answered: "0.6", failed: "0" }, undefined],
  ])("of a rate may be %s", async (_, numbers, expected) => {
    expect((await samplesOf(numbers)).errorRate).toEqual(expected);
  });

  it.each([
    ["a single one", { n: "1", sum: "0.5", squares: "0.25" }, { kind: "mean", n: 1, mean: 0.5, variance: 0 }],
    [
      "equal ones",
      { n: "3", sum: "0.3", squares: "0.02999999999999" },
      { kind: "mean", n: 3, mean: expect.closeTo(0.1, 9), variance: 0 },
    ],
    [
      "impossible ones",
      { n: "4", sum: "8", squares: "1" },
      { kind: "invalid", reason: "the variance is -5" },
    ],
    ["infinite ones", { n: "4", sum: "+Inf", squares: "1" }, { kind: "invalid", reason: "sum is +Inf" }],
    ["mean of nothing", { n: "0", sum: "0", squares: "0" }, undefined],
  ])("of a mean may be %s", async (_, numbers, expected) => {
    expect((await samplesOf(numbers)).quality).toEqual(expected);
  });

  it("with a series that is missing are no data, and that is told", async () => {
    const { errorRate, errors, notes } = await samplesOf({ answered: "50" });
    expect(errorRate).toBeUndefined();
    expect(errors).toEqual([]);
    expect(notes).toEqual([
      {
        kind: "incomplete",
        count: 1,
        message:
          "error_rate: no data in 1 buckets, because errors has no series there; start its counter at 0",
      },
    ]);
  });

  it("of assignments that cannot be are an error of every metric", async () => {
    const { quality, errors } = await samplesOf({ assignments: "NaN", n: "4", sum: "2", squares: "2" });
    expect(quality).toBeUndefined();
    expect(errors).toEqual([
      { metric: "quality", message: "assignments: a count is NaN" },
      { metric: "error_rate", message: "assignments: a count is NaN" },
    ]);
  });
});
