import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { PrometheusSettings, Sample } from "../../src/domain/metrics.ts";
import { prometheusMetrics } from "../../src/metrics/prometheus.ts";
import { errorRate, quality } from "../contracts/metrics-requests.ts";
import { prometheusSettings } from "./prometheus-settings.ts";

const HOUR = 3_600_000;
const FROM = Date.UTC(2026, 10, 20, 9);
const SECRET = "s3cret-t0ken-of-the-server";

type Handler = (form: URLSearchParams, response: http.ServerResponse, request: http.IncomingMessage) => void;

const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function aServer(handle: Handler): Promise<string> {
  const server = http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => handle(new URLSearchParams(body), response, request));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function matrix(result: unknown, extra: object = {}): string {
  return JSON.stringify({ status: "success", data: { resultType: "matrix", result }, ...extra });
}

function series(version: string, ...values: readonly string[]): object {
  return {
    metric: { version },
    values: values.map((value, index) => [(FROM + (index + 1) * HOUR) / 1000, value]),
  };
}

/** Every query is its own name, so that a server can answer by it. */
const PLAIN: Partial<PrometheusSettings> = {
  assignments: "assignments",
  queries: {
    quality: { transform: "none", read: { kind: "sums", n: "n", sum: "sum", sumOfSquares: "squares" } },
    error_rate: { transform: "none", read: { kind: "proportion", n: "answered", errors: "failed" } },
  },
};

const request = {
  prompt: "desk",
  versions: ["1.0.0"],
  metrics: [quality, errorRate],
  from: FROM,
  to: FROM + 2 * HOUR,
  bucketMs: HOUR,
};

function observe(
  url: string,
  changes: Partial<PrometheusSettings> = {},
  signal = new AbortController().signal,
) {
  return prometheusMetrics(prometheusSettings(url, { ...PLAIN, ...changes })).observe(request, signal);
}

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
      { n: "3", sum: "0.3", squares: "0.029999999999999995" },
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

  it("of assignments that cannot be are an error", async () => {
    expect((await samplesOf({ assignments: "NaN" })).errors).toEqual([
      { metric: "assignments", message: "a count is NaN" },
    ]);
  });
});

describe("a server", () => {
  it.each([
    [401, "", "AUTHENTICATION", /refused the credentials \(401\)$/, false],
    [403, "no", "AUTHENTICATION", /refused the credentials/, false],
    [404, "not found", "METRICS_FAILED", /answered 404: not found/, false],
    [302, "", "METRICS_FAILED", /redirects \(302\)/, false],
    [429, "", "METRICS_FAILED", /answered 429/, true],
    [500, "<html>oops</html>", "METRICS_FAILED", /answered 500: <html>oops/, true],
    [503, "<html>\u001b[31mdown</html>", "METRICS_FAILED", /answered 503: <html>\\u\{1b\}\[31mdown/, true],
    [200, "<!doctype html><p>Grafana", "METRICS_FAILED", /the answer is not Prometheus' JSON/, false],
    [200, "", "METRICS_FAILED", /the answer is not/, false],
    [
      200,
      '{"status":"success","data":{"resultType":"vector","result":[]}}',
      "METRICS_FAILED",
      /the answer is not/,
      false,
    ],
    [200, '{"status":"error","errorType":"x","error":"y"}', "METRICS_FAILED", /the answer is not/, false],
  ])("that answers %i %j ends the question", async (status, body, code, message, retryable) => {
    const url = await aServer(
      (_, response) => void response.writeHead(status, { location: "http://127.0.0.1:1/" }).end(body),
    );
    await expect(observe(url)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      retryable,
      hint: expect.any(String),
    });
  });

  it.each([
    [400, "bad_data", "parse error"],
    [422, "execution", "too many samples"],
    [503, "timeout", "query timed out"],
  ])("that refuses a query with %i leaves the others their answers", async (status, errorType, error) => {
    const url = await aServer((form, response) => {
      if (form.get("query") !== "failed") return void response.end(matrix([series("1.0.0", "4", "4")]));
      return void response.writeHead(status).end(JSON.stringify({ status: "error", errorType, error }));
    });
    const { errors, observations } = await observe(url);
    expect(errors).toEqual([{ metric: "error_rate", message: `errors: ${errorType}: ${error}` }]);
    expect(observations.map(({ metric }) => metric)).toEqual(["quality", "quality"]);
  });

  it("that warns of missing data gives no data for that metric, and advice does no harm", async () => {
    const url = await aServer((form, response) => {
      const warnings =
        form.get("query") === "sum" ? ["store unreachable"] : ["PromQL info: metric might not be a counter"];
      response.end(matrix([series("1.0.0", "4")], { warnings }));
    });
    expect((await observe(url)).errors).toEqual([
      { metric: "quality", message: "sum: the server warns: store unreachable" },
    ]);
  });

  it("that breaks off, or never answers, or never ends is given up", async () => {
    const cut = await aServer((_, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write('{"status":');
      setImmediate(() => response.socket?.destroy());
    });
    await expect(observe(cut)).rejects.toMatchObject({ code: "NETWORK", retryable: true });
    const silent = await aServer(() => {});
    await expect(observe(silent, { timeoutMs: 50 })).rejects.toMatchObject({
      code: "TIMEOUT",
      retryable: true,
    });
    const endless = await aServer((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 20, 32)));
      };
      response.on("drain", more);
      more();
    });
    await expect(observe(endless)).rejects.toMatchObject({
      code: "METRICS_FAILED",
      message: expect.stringMatching(/more than 16 MB/),
    });
  });

  it("is not waited for once the run was interrupted", async () => {
    const controller = new AbortController();
    const url = await aServer(() => controller.abort());
    await expect(observe(url, {}, controller.signal)).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  it("that repeats the secret it was sent does not bring it into a message", async () => {
    const headers = { authorization: `Bearer ${SECRET}` };
    const echo = (status: number, body: (text: string) => string): Promise<string> =>
      aServer(
        (_, response, { headers }) => void response.writeHead(status).end(body(headers.authorization ?? "")),
      );
    const failing = await echo(500, (text) => `bad token ${text} and ${text.slice(7)}`);
    const failure = await observe(failing, { headers }).catch((error: unknown) => error);
    expect(JSON.stringify([failure, (failure as Error).message])).not.toContain(SECRET);
    expect((failure as Error).message).toContain("[secret]");
    const refusing = await echo(400, (error) =>
      JSON.stringify({ status: "error", errorType: "bad_data", error }),
    );
    const { errors } = await observe(refusing, { headers });
    expect(errors).toHaveLength(3);
    expect(JSON.stringify(errors)).not.toContain(SECRET);
  });

  it("is not asked with a header that is none, whose value stays unsaid", () => {
    const open = () =>
      prometheusMetrics(
        prometheusSettings("http://127.0.0.1:1", { headers: { authorization: `${SECRET}\n` } }),
      );
    expect(open).toThrow(/metrics\.headers: authorization is no valid HTTP header/);
    expect(open).not.toThrow(SECRET);
  });
});
