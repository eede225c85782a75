import pLimit from "p-limit";
import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import { GateError } from "../../../src/domain/errors.ts";
import { askAll, question, questions, retryable, simulateRun } from "./simulated-run.ts";

describe("a caller", () => {
  it("answers with the completion and its cost", async () => {
    const run = simulateRun(() => "30 days");
    const answer = await run.ask(question("How long?"), "generation");
    expect(answer).toMatchObject({ cached: false, completion: { text: "30 days", latencyMs: 50 } });
    expect(answer.costUsd).toBeCloseTo(0.002, 12);
  });

  it("never has more calls under way than the user's -j, and that many when it can", async () => {
    const run = simulateRun(() => "ok", { concurrency: 7 });
    await askAll(run, questions(50));
    expect(run.active()).toEqual({ now: 0, peak: 7 });
    expect(run.now()).toBe(Math.ceil(50 / 7) * 50);
  });

  it("shares the -j with other callers and between purposes", async () => {
    const slots = pLimit(4);
    const first = simulateRun(() => "ok", { slots });
    await Promise.all([askAll(first, questions(12), "generation"), askAll(first, questions(12), "judge")]);
    expect(first.active().peak).toBe(4);
  });

  it("does not let queued generation hold up the judge", async () => {
    const run = simulateRun(() => "ok", { concurrency: 4 });
    const generation = askAll(run, questions(200), "generation");
    await run.ask(question("judge this"), "judge");
    expect(run.attempts.length).toBeLessThan(20);
    await generation;
  });
});

describe("an interrupted run", () => {
  it("ends every call with INTERRUPTED", async () => {
    const run = simulateRun(({ index }) => {
      if (index === 30) run.abort();
      return "ok";
    });
    const { answered, errors } = await askAll(run, questions(500));
    expect(new Set(errors.map((error) => error.code))).toEqual(new Set(["INTERRUPTED"]));
    expect(answered + errors.length).toBe(500);
    expect(run.attempts.length).toBeLessThan(80);
  });

  it("makes no call when it was interrupted before", async () => {
    const run = simulateRun(() => "ok", { signal: AbortSignal.abort() });
    await expect(run.ask(question("a"), "generation")).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(run.attempts).toHaveLength(0);
  });
});

describe("the budget", () => {
  it("is asked right before each attempt, retries included", async () => {
    let admitted = 0;
    const admit = (): undefined => {
      admitted += 1;
      if (admitted > 3) throw new GateError("BUDGET_REACHED", "used up");
    };
    const run = simulateRun(() => retryable("PROVIDER_FAILED"), { admit });
    expect((await askAll(run, [question("a")])).errors).toMatchObject([{ code: "BUDGET_REACHED" }]);
    expect(run.attempts).toHaveLength(3);
  });
});

it("every call ends answered or with an error, whatever the server does", async () => {
  const outcome = fc.constantFrom("ok", "RATE_LIMITED", "TIMEOUT", "NETWORK", "PROVIDER_FAILED", "bad");
  const scenario = fc.record({
    outcomes: fc.array(outcome, { minLength: 1, maxLength: 40 }),
    concurrency: fc.integer({ min: 1, max: 8 }),
    calls: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ outcomes, concurrency, calls }) => {
      const run = simulateRun(
        ({ index }) => {
          const next = outcomes[index % outcomes.length] ?? "ok";
          if (next === "ok") return "ok";
          return next === "bad" ? new GateError("PROVIDER_FAILED", "bad") : retryable(next);
        },
        { concurrency },
      );
      const { answered, errors } = await askAll(run, questions(calls));
      expect(answered + errors.length).toBe(calls);
      expect(errors.every((error) => error instanceof GateError)).toBe(true);
      expect(run.usage.read().calls).toBe(answered);
      expect(run.active().peak).toBeLessThanOrEqual(concurrency);
    }),
    { numRuns: 60 },
  );
});
