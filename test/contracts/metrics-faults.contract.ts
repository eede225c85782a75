import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MetricsSource } from "../../src/domain/metrics.ts";
import type { PlatformFault } from "../loopback/platform-server.ts";
import { aRequest } from "./metrics-requests.ts";

interface FaultySource {
  readonly source: MetricsSource;
  /** Must never reach a message. */
  readonly secret: string;
  /** The calls that read what was observed. */
  readonly reads: RegExp;
  readonly calls: readonly string[];
  readonly fail: (call: RegExp, fault: PlatformFault, times?: number) => void;
  readonly close: () => Promise<void>;
}

const REFUSED = '{"message":"refused for KEY"}';
const REFUSALS = [
  [401, "AUTHENTICATION"],
  [403, "AUTHENTICATION"],
  [429, "RATE_LIMITED"],
  [400, "METRICS_FAILED"],
  [422, "METRICS_FAILED"],
  [500, "METRICS_FAILED"],
] as const;

/**
 * What a source on a platform says when the platform has no answer: never that there is no data. `nonsense` are whole
 * answers of status 200 that cannot be read, by what is wrong with them.
 */
export function metricsFaultsContract(
  name: string,
  start: () => Promise<FaultySource>,
  nonsense: Readonly<Record<string, string>>,
): void {
  describe(`${name} that cannot give metrics`, () => {
    let subject: FaultySource;
    beforeEach(async () => {
      subject = await start();
    });
    afterEach(async () => subject.close());

    const never = new AbortController().signal;

    it.each([
      ...REFUSALS.map(([status, code]) => [String(status), status, REFUSED, code] as const),
      ["a page", 200, "<html>Sign in</html>", "METRICS_FAILED"] as const,
      ...Object.entries(nonsense).map(([title, body]) => [title, 200, body, "METRICS_FAILED"] as const),
    ])("says so instead of having no data: %s", async (_, status, text, code) => {
      const { source, secret, reads, fail } = subject;
      fail(reads, { kind: "status", status, body: text.replace("KEY", secret) }, 1000);
      const failure = await source.observe(aRequest(), never).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "GateError", code, hint: expect.any(String) as string });
      expect((failure as Error).message).not.toContain(secret);
    });

    it("stops when it is interrupted in the middle of an answer", async () => {
      const interrupt = new AbortController();
      subject.fail(subject.reads, { kind: "silence" });
      const answer = subject.source.observe(aRequest(), interrupt.signal);
      while (!subject.calls.some((call) => subject.reads.test(call))) await new Promise(setImmediate);
      interrupt.abort();
      await expect(answer).rejects.toMatchObject({ code: "INTERRUPTED" });
    });
  });
}
