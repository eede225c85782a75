import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Model } from "../../src/domain/model.ts";
import { aRequest, noAbort, refusal } from "../models/a-request.ts";

interface Opened {
  readonly model: Model;
  readonly cleanup: () => Promise<void>;
}

/** What the port promises of every provider; `aRequest()` must be answerable. */
export function modelContract(name: string, open: () => Promise<Opened>): void {
  describe(`${name} keeps the promises of a model`, () => {
    let model: Model;
    let cleanup: () => Promise<void>;

    beforeEach(async () => {
      ({ model, cleanup } = await open());
    });
    afterEach(async () => cleanup());

    it("answers with text, a reason to finish and the model's name", async () => {
      const completion = await model.complete(aRequest(), noAbort());
      expect(completion.text.length).toBeGreaterThan(0);
      expect(completion.finishReason).toBe("stop");
      expect(completion.model.length).toBeGreaterThan(0);
      expect(completion.toolCalls).toEqual([]);
    });

    it("reports whole, non-negative tokens or none at all", async () => {
      const { usage } = await model.complete(aRequest(), noAbort());
      const counts = usage === null ? [] : [usage.inputTokens, usage.outputTokens];
      expect(counts.filter((count) => !Number.isInteger(count) || count < 0)).toEqual([]);
    });

    it("reports a latency that is a time, or none", async () => {
      const { latencyMs } = await model.complete(aRequest(), noAbort());
      expect(latencyMs === null || (Number.isFinite(latencyMs) && latencyMs >= 0)).toBe(true);
    });

    it("gives completions that survive JSON", async () => {
      const completion = await model.complete(aRequest(), noAbort());
      expect(JSON.parse(JSON.stringify(completion))).toEqual(completion);
    });

    it("leaves the request as it was", async () => {
      const request = aRequest();
      const before = structuredClone(request);
      await model.complete(request, noAbort());
      expect(request).toEqual(before);
    });

    it("answers calls that overlap", async () => {
      const calls = Array.from({ length: 8 }, () => model.complete(aRequest(), noAbort()));
      const completions = await Promise.all(calls);
      expect(new Set(completions.map(({ text }) => text)).size).toBe(1);
    });

    it("rejects with INTERRUPTED when the signal is aborted already", async () => {
      const error = await refusal(model.complete(aRequest(), AbortSignal.abort()));
      expect(error).toMatchObject({ name: "GateError", code: "INTERRUPTED" });
    });
  });
}
