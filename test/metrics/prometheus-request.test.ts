import { describe, expect, it } from "vitest";
import { prometheusMetrics } from "../../src/metrics/prometheus.ts";
import { aServer, matrix, observe, series } from "./a-prometheus.ts";
import { prometheusSettings } from "./prometheus-settings.ts";

const SECRET = "s3cret-t0ken-of-the-server";

/** A server whose answer holds the credentials that it was sent. */
function echo(status: number, body: (credentials: string) => string): Promise<string> {
  return aServer((_, response, { headers }) => {
    response.writeHead(status).end(body(headers.authorization ?? ""));
  });
}

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
    const failing = await echo(500, (text) => `bad token ${text} and ${text.slice(7)}`);
    const failure = await observe(failing, { headers }).catch((error: unknown) => error);
    expect(JSON.stringify([failure, (failure as Error).message])).not.toContain(SECRET);
    expect((failure as Error).message).toContain("[secret]");
    const refusing = await echo(400, (error) =>
      JSON.stringify({ status: "error", errorType: "bad_data", error }),
    );
    const { errors } = await observe(refusing, { headers });
    expect(errors).toHaveLength(2);
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
