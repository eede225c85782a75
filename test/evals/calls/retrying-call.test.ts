import { describe, expect, it } from "vitest";
import { GateError } from "../../../src/domain/errors.ts";
import { DEFAULT_RETRY_POLICY } from "../../../src/evals/calls/backoff.ts";
import { askAll, fatal, question, questions, retryable, simulateRun } from "./simulated-run.ts";

describe("a retryable failure", () => {
  it("is tried again, and the waiting is no latency", async () => {
    const run = simulateRun(({ earlier }) => (earlier < 3 ? retryable("PROVIDER_FAILED") : "ok"));
    const { completion } = await run.ask(question("a"), "generation");
    expect(completion).toMatchObject({ text: "ok", latencyMs: 50 });
    // Half of 1, 2 and 4 s is fixed and half is random (here 0.5 of it); four attempts of 50 ms.
    expect(run.now()).toBe((1000 + 2000 + 4000) * 0.75 + 4 * 50);
  });

  it("ends the call after three retries and says how many attempts there were", async () => {
    const run = simulateRun(({ request }) =>
      request.messages[0]?.content === "a" ? retryable("PROVIDER_FAILED") : "ok",
    );
    const { errors } = await askAll(run, [question("a")]);
    expect(errors).toMatchObject([
      {
        code: "PROVIDER_FAILED",
        message: "scripted PROVIDER_FAILED (4 attempts)",
        retryable: true,
        fatal: false,
      },
    ]);
    expect((await run.ask(question("b"), "generation")).completion.text).toBe("ok");
  });

  it("leaves its place to others while it waits", async () => {
    const run = simulateRun(
      ({ request, earlier }) =>
        request.messages[0]?.content === "0" && earlier === 0 ? retryable("PROVIDER_FAILED") : "ok",
      { concurrency: 1 },
    );
    await askAll(run, questions(5));
    expect(run.attempts.map(({ request }) => request.messages[0]?.content)).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
      "0",
    ]);
  });

  it("goes before calls that were never sent", async () => {
    const run = simulateRun(
      ({ request, earlier }) =>
        request.messages[0]?.content === "0" && earlier === 0 ? retryable("PROVIDER_FAILED") : "ok",
      { concurrency: 1 },
    );
    await askAll(run, questions(100));
    const sent = run.attempts.map(({ request }) => request.messages[0]?.content);
    expect(sent.lastIndexOf("0")).toBeLessThan(20);
  });

  it("waits at least as long as the server asks", async () => {
    const run = simulateRun(({ earlier }) => (earlier === 0 ? retryable("PROVIDER_FAILED", 9000) : "ok"));
    await run.ask(question("a"), "generation");
    expect(run.attempts[1]?.at).toBe(9050);
  });

  it("is not tried again when the server asks for more time than the caller has", async () => {
    const run = simulateRun(() => retryable("PROVIDER_FAILED", 3_600_000));
    expect((await askAll(run, [question("a")])).errors).toHaveLength(1);
    expect(run.attempts).toHaveLength(1);
  });
});

describe("a failure that is not retryable", () => {
  it("ends its call at once and no other", async () => {
    const run = simulateRun(({ request }) =>
      request.messages[0]?.content === "3" ? new GateError("PROVIDER_FAILED", "too long") : "ok",
    );
    const { answered, errors } = await askAll(run, questions(20));
    expect(answered).toBe(19);
    expect(errors).toMatchObject([{ message: "too long" }]);
    expect(run.attempts).toHaveLength(20);
  });

  it("that is a bug passes through untouched", async () => {
    const bug = new TypeError("a bug");
    const run = simulateRun(() => {
      throw bug;
    });
    await expect(run.ask(question("a"), "generation")).rejects.toBe(bug);
  });
});

describe("what no call would escape", () => {
  it.each(["AUTHENTICATION", "QUOTA_EXHAUSTED", "PROVIDER_FAILED", "REPLAY_MISS"] as const)(
    "(%s) rejects everything that waits at once",
    async (code) => {
      const run = simulateRun(({ index }) => (index === 25 ? fatal(code) : "ok"), { concurrency: 10 });
      const { answered, errors } = await askAll(run, questions(1000));
      expect(new Set(errors.map((error) => error.code))).toEqual(new Set([code]));
      expect(errors[0]).toMatchObject({ hint: "do something", fatal: true });
      expect(answered + errors.length).toBe(1000);
      expect(run.attempts.length).toBeLessThanOrEqual(40);
      await expect(run.ask(question("later"), "judge")).rejects.toMatchObject({ code });
    },
  );

  it("keeps the answers of calls that were under way", async () => {
    const run = simulateRun(({ index }) => (index === 0 ? fatal("QUOTA_EXHAUSTED") : "ok"), {
      concurrency: 10,
    });
    expect((await askAll(run, questions(50))).answered).toBe(9);
    expect(run.usage.read().calls).toBe(9);
  });

  it("wakes calls that wait for a retry", async () => {
    const run = simulateRun(({ index }) => (index === 0 ? retryable("NETWORK") : fatal("AUTHENTICATION")));
    const { errors } = await askAll(run, [question("a"), question("b")]);
    expect(errors).toMatchObject([{ code: "AUTHENTICATION" }, { code: "AUTHENTICATION" }]);
    expect(run.now()).toBe(50);
  });

  it.each(["NETWORK", "TIMEOUT", "PROVIDER_FAILED"] as const)(
    "is also a server that only says %s: five calls in a row end the run",
    async (code) => {
      const run = simulateRun(() => retryable(code), { concurrency: 5 });
      const { answered, errors } = await askAll(run, questions(1000));
      expect(answered).toBe(0);
      expect(errors.at(-1)).toMatchObject({
        code,
        fatal: true,
        retryable: false,
        message: `scripted ${code}; 5 calls in a row failed, each after 3 retries`,
      });
      expect(run.now()).toBeLessThan(10_000);
    },
  );

  it("is not a server that fails on some requests only, though they fail last", async () => {
    const run = simulateRun(({ request }) =>
      Number(request.messages[0]?.content) % 10 === 0 ? retryable("PROVIDER_FAILED") : "ok",
    );
    const { answered, errors } = await askAll(run, questions(300));
    expect(answered).toBe(270);
    expect(errors.filter((error) => error.fatal)).toEqual([]);
  });

  it("is not a server that comes back now and then", async () => {
    const policy = { ...DEFAULT_RETRY_POLICY, retries: 0 };
    const run = simulateRun(({ index }) => (index % 5 === 4 ? "ok" : retryable("NETWORK")), {
      concurrency: 1,
      policy,
    });
    const { answered, errors } = await askAll(run, questions(100));
    expect({ answered, fatal: errors.filter((error) => error.fatal).length }).toEqual({
      answered: 20,
      fatal: 0,
    });
  });

  it("is not a server that fails now and then", async () => {
    const run = simulateRun(({ index }) => (index % 3 === 0 ? retryable("NETWORK") : "ok"));
    const { answered, errors } = await askAll(run, questions(300));
    expect(errors.every((error) => !error.fatal)).toBe(true);
    expect(answered + errors.length).toBe(300);
    expect(answered).toBeGreaterThan(280);
  });
});

describe("a rate limit", () => {
  it("holds the refused call back for as long as the server asks, and no other", async () => {
    const run = simulateRun(({ index }) => (index === 0 ? retryable("RATE_LIMITED", 5000) : "ok"), {
      concurrency: 2,
    });
    await askAll(run, questions(20));
    const refused = run.attempts.filter(({ request }) => request.messages[0]?.content === "0");
    // Half of a quarter more, by the random number of this run.
    expect(refused.map(({ at }) => at)).toEqual([0, 50 + 5000 * 1.125]);
    expect(run.attempts.filter(({ at }) => at < 1000)).toHaveLength(20);
  });

  it("keeps everything back while the server accepts nothing", async () => {
    const run = simulateRun(({ at }) => (at < 5000 ? retryable("RATE_LIMITED", 5050 - at) : "ok"), {
      concurrency: 4,
    });
    expect((await askAll(run, questions(40))).answered).toBe(40);
    // Four, and one in the place of the first one: that alone is no reason to wait.
    expect(run.attempts.filter(({ at }) => at < 5000)).toHaveLength(5);
  });

  it("leaves the other purpose alone", async () => {
    const run = simulateRun(({ index }) => (index === 0 ? retryable("RATE_LIMITED", 5000) : "ok"), {
      concurrency: 2,
    });
    const generation = askAll(run, [question("g")], "generation");
    await askAll(run, questions(10), "judge");
    expect(run.now()).toBeLessThan(5000);
    await generation;
  });

  it("halves the calls under way once, however many calls met it, and then adds them again", async () => {
    const active: number[] = [];
    const run = simulateRun(
      ({ index }) => {
        active.push(run.active().now);
        return index < 16 ? retryable("RATE_LIMITED", 1000) : "ok";
      },
      { concurrency: 16 },
    );
    await askAll(run, questions(600));
    const afterwards = run.attempts.filter(({ at }) => at > 1000);
    const first = afterwards.filter(({ at }) => at === afterwards[0]?.at);
    // One of the eight is still out: it began while only one call was known to be refused.
    expect(first).toHaveLength(7);
    expect(Math.max(...active.slice(-100))).toBeGreaterThanOrEqual(14);
  });

  it("for ever ends the run in bounded time with RATE_LIMITED", async () => {
    const run = simulateRun(() => retryable("RATE_LIMITED"));
    const { answered, errors } = await askAll(run, questions(1000));
    expect(answered).toBe(0);
    expect(errors[0]).toMatchObject({
      code: "RATE_LIMITED",
      fatal: true,
      message: "scripted RATE_LIMITED; no call was accepted for 120 s",
    });
    expect(run.now()).toBeLessThanOrEqual(DEFAULT_RETRY_POLICY.maxWaitMs + 60_000);
    expect(run.attempts.length).toBeLessThan(100);
  });

  it("that is to last for hours ends the run at once", async () => {
    const run = simulateRun(() => retryable("RATE_LIMITED", 7_200_000));
    const { errors } = await askAll(run, questions(100));
    expect(errors[0]).toMatchObject({
      fatal: true,
      message: "scripted RATE_LIMITED; it asks to wait 7200 s, longer than 120 s",
    });
    expect(run.now()).toBe(50);
  });

  it("on one request alone fails that request alone", async () => {
    const run = simulateRun(({ request }) =>
      request.messages[0]?.content === "0" ? retryable("RATE_LIMITED", 20_000) : "ok",
    );
    const { answered, errors } = await askAll(run, questions(200));
    expect({ answered, fatal: errors.map((error) => error.fatal) }).toEqual({
      answered: 199,
      fatal: [false],
    });
  });

  it("of a tenth of all calls costs no call and little time", async () => {
    const run = simulateRun(({ index }) => (index % 10 === 0 ? retryable("RATE_LIMITED", 50) : "ok"));
    expect((await askAll(run, questions(1000))).answered).toBe(1000);
    const ideal = (run.attempts.length * 50) / 20;
    expect(run.now()).toBeLessThan(1.25 * ideal);
  });

  it("is waited out longer each time when it meets the same call again and again", async () => {
    const run = simulateRun(({ earlier }) => (earlier < 6 ? retryable("RATE_LIMITED", 100) : "ok"));
    await run.ask(question("a"), "generation");
    const gaps = run.attempts.slice(1).map(({ at }, index) => at - 50 - (run.attempts[index]?.at ?? 0));
    expect(gaps).toEqual([112.5, 112.5, 112.5, 225, 450, 900]);
  });
});
