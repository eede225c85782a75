import { describe, expect, it } from "vitest";
import { askAll, questions, retryable, simulateRun } from "./simulated-run.ts";

/** A server that takes 20 calls at once and then ten a second, says so, and refuses what is more. */
function bucket() {
  let tokens = 20;
  let filledAt = 0;
  let refusals = 0;
  return {
    refusals: () => refusals,
    take: (at: number): boolean => {
      tokens = Math.min(20, tokens + (at - filledAt) / 100);
      filledAt = at;
      const isTaken = tokens >= 1;
      if (isTaken) tokens -= 1;
      else refusals += 1;
      return isTaken;
    },
    said: () => ({
      requests: { remaining: Math.floor(tokens), limit: 20, resetMs: (20 - tokens) * 100 },
      tokens: null,
    }),
  };
}

describe("a server that says how many calls it still allows", () => {
  it("hears from fewer of them before it has to refuse any", async () => {
    const server = bucket();
    const run = simulateRun(({ at }) => (server.take(at) ? "ok" : retryable("RATE_LIMITED", 1000)), {
      concurrency: 8,
      allowed: server.said,
    });
    expect((await askAll(run, questions(100))).answered).toBe(100);
    expect(server.refusals()).toBe(0);
    // 80 calls at ten a second take eight seconds.
    expect(run.now()).toBeLessThan(9_500);
  });

  it("refuses many where it says nothing", async () => {
    const server = bucket();
    const run = simulateRun(({ at }) => (server.take(at) ? "ok" : retryable("RATE_LIMITED", 1000)), {
      concurrency: 8,
    });
    expect((await askAll(run, questions(100))).answered).toBe(100);
    expect(server.refusals()).toBeGreaterThan(5);
  });

  it("counts tokens as well: the calls so far tell what one uses", async () => {
    // A call uses 1,100 tokens; 1,100 come back every 200 ms.
    const run = simulateRun(() => "ok", {
      concurrency: 4,
      allowed: () => ({
        requests: null,
        tokens: { remaining: 0, limit: 11_000, resetMs: 2_000 },
      }),
    });
    await askAll(run, questions(12));
    const starts = run.attempts.map(({ at }) => at).slice(4);
    expect(starts.slice(1).map((at, index) => Math.round(at - (starts[index] ?? 0)))).toEqual(
      Array.from({ length: 7 }, () => 200),
    );
  });

  it("never holds a call back for longer than half a minute by its word", async () => {
    const run = simulateRun(() => "ok", {
      concurrency: 1,
      allowed: () => ({ requests: { remaining: 0, limit: null, resetMs: 86_400_000 }, tokens: null }),
    });
    await askAll(run, questions(2));
    expect(run.attempts[1]?.at).toBe(30_000);
  });
});
