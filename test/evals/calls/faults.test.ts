import pLimit from "p-limit";
import { afterEach, describe, expect, it } from "vitest";
import { createCaller } from "../../../src/evals/calls/caller.ts";
import { createUsageMeter } from "../../../src/evals/calls/usage.ts";
import { openaiModel } from "../../../src/models/openai.ts";
import { startOpenAiServer, type OpenAiServer, type Reply } from "../../loopback/openai-server.ts";
import { loopbackSettings, modelDependencies, noAbort } from "../../models/a-request.ts";
import { askAll, questions } from "./simulated-run.ts";

let server: OpenAiServer;
afterEach(async () => server.close());

/** A caller over the wire that does not really wait: its clock jumps by what it sleeps. */
function callerOver(timeoutMs: number) {
  let now = 0;
  const usage = createUsageMeter();
  const caller = createCaller({
    model: openaiModel(loopbackSettings(server.baseUrl, { timeoutMs }), modelDependencies()),
    price: { inputPerMillion: 1, outputPerMillion: 1 },
    slots: pLimit(16),
    cache: null,
    usage,
    monotonic: () => now,
    random: () => 0.5,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
    signal: noAbort(),
  });
  return { ...caller, usage };
}

const answer: Reply = { kind: "answer" };
const limited: Reply = { kind: "status", status: 429, headers: { "retry-after": "1" } };

/** By a number of the request: 10 % limited, 6 % failing, 4 % reset, 2 % cut, 2 % not JSON, 1 % silent. */
function faulty(index: number): Reply {
  const position = index % 100;
  if (position % 10 === 1) return limited;
  if (position % 16 === 2) return { kind: "status", status: 500, body: "upstream is sad" };
  if (position % 25 === 8) return { kind: "reset" };
  if (position % 50 === 14) return { kind: "cut" };
  if (position % 50 === 15) return { kind: "status", status: 200, body: '{"choices":[' };
  return position === 97 ? { kind: "silence" } : answer;
}

describe("a server with faults", () => {
  it("answers every call in the end, each counted once", async () => {
    // By question and attempt, so that no order of the calls lets one of them meet four faults.
    const attempts = new Map<string, number>();
    server = await startOpenAiServer({
      reply: ({ body }) => {
        const text = body.messages[0]?.content ?? "";
        const attempt = attempts.get(text) ?? 0;
        attempts.set(text, attempt + 1);
        return faulty(Number(text) + 37 * attempt);
      },
    });
    const caller = callerOver(1000);
    const { answered, errors } = await askAll(caller, questions(600));
    expect(errors.map((error) => error.message)).toEqual([]);
    expect(answered).toBe(600);
    expect(caller.usage.read().calls).toBe(600);
    expect(server.count).toBeGreaterThan(700);
    expect(server.peak).toBeLessThanOrEqual(16);
  });

  it("does not make Node warn of leaked listeners, however many calls are under way", async () => {
    const warnings: string[] = [];
    const collect = (warning: Error): void => {
      warnings.push(warning.name);
    };
    process.on("warning", collect);
    server = await startOpenAiServer({ latencyMs: 50 });
    await askAll(callerOver(5000), questions(100));
    expect(server.peak).toBe(16);
    process.off("warning", collect);
    expect(warnings).toEqual([]);
  });

  it("that dies half way ends the run instead of grinding through every case", async () => {
    server = await startOpenAiServer({ reply: (_, index) => (index < 100 ? answer : { kind: "reset" }) });
    const caller = callerOver(5000);
    const { answered, errors } = await askAll(caller, questions(400));
    expect(answered).toBe(100);
    expect(errors).toHaveLength(300);
    expect(errors.at(-1)).toMatchObject({ code: "NETWORK", fatal: true });
  });

  it("that refuses the key half way ends the run with AUTHENTICATION", async () => {
    server = await startOpenAiServer({
      reply: (_, index) => (index < 50 ? answer : { kind: "status", status: 401 }),
    });
    const { answered, errors } = await askAll(callerOver(5000), questions(400));
    expect(answered).toBe(50);
    expect(new Set(errors.map((error) => error.code))).toEqual(new Set(["AUTHENTICATION"]));
    expect(server.count).toBeLessThan(50 + 2 * 16);
  });

  it("that limits the rate for ever ends the run with RATE_LIMITED", async () => {
    server = await startOpenAiServer({ reply: () => limited });
    const { answered, errors } = await askAll(callerOver(5000), questions(200));
    expect(answered).toBe(0);
    expect(new Set(errors.map((error) => error.code))).toEqual(new Set(["RATE_LIMITED"]));
    expect(errors.at(-1)?.fatal).toBe(true);
    expect(server.count).toBeLessThan(200);
  });
});
