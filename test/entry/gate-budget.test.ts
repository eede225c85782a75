import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { aProject, aPrompt, type ProjectShape } from "../e2e/project.ts";
import { renderVerdict } from "../loopback/judge-replies.ts";
import { startOpenAiServer, type OpenAiServer, type SeenRequest } from "../loopback/openai-server.ts";
import { refusal, withCandidate, type Checkout } from "./gate-checkout.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function text({ body }: SeenRequest): string {
  return body.messages.map(({ content }) => content).join("\n");
}

/** Every call uses 10 tokens in and 5 out, as the server counts. */
async function aGate(shape: ProjectShape = {}): Promise<{ made: Checkout; server: OpenAiServer }> {
  const server = await startOpenAiServer({
    reply: (request) =>
      request.body.model === "grader"
        ? { kind: "answer", text: renderVerdict(request, "supported") }
        : { kind: "answer", text: /costs \d+ euros/.exec(text(request))?.[0] ?? "no" },
  });
  const project = aProject({ baseUrl: server.baseUrl, cases: 70, ...shape });
  cleanups.push(
    () => project.remove(),
    () => server.close(),
  );
  return { made: await withCandidate(project, "Answer only from the context. Name the price."), server };
}

describe("a gate that reaches its budget", () => {
  it("stops without a verdict, keeps what was paid for, and goes on with a larger one", async () => {
    const { made, server } = await aGate();
    await made.gate({ cache: false, seed: 1 });
    const { usage } = made.printed().prompts[0] ?? { usage: null };
    const whole = usage?.costUsd ?? 0;
    const { made: poor, server: second } = await aGate();
    const error = await refusal(poor.gate({ cache: false, seed: 1, maxCost: whole / 2, concurrency: 20 }));
    expect(error).toMatchObject({
      code: "BUDGET_REACHED",
      message: expect.stringMatching(/used up$/) as string,
    });
    expect(second.count).toBeGreaterThan(server.count / 4);
    expect(second.count).toBeLessThan(server.count / 2 + 20);
    expect(await poor.gate({ cache: false, seed: 1, maxCost: whole })).toBe(0);
    expect(second.count).toBe(server.count);
    expect(poor.printed().prompts[0]?.unscored).toEqual([]);
  });

  it("keeps a part of the money to judge what was generated", async () => {
    const { made, server } = await aGate({ judged: true });
    const perCall = 20e-6;
    await refusal(made.gate({ cache: false, maxCost: 60 * perCall, concurrency: 2 }));
    const judged = server.requests.filter(({ body }) => body.model === "grader").length;
    const generated = server.count - judged;
    // 70 % of the money is 42 answers; both sides answer alike, so that one judgement serves two of them.
    expect(generated).toBeLessThanOrEqual(42);
    expect(judged).toBeGreaterThanOrEqual(generated / 2 - 4);
  });

  it("stops when its minutes are over", async () => {
    const { made, server } = await aGate();
    expect(await refusal(made.gate({ maxMinutes: 1e-9 }))).toMatchObject({ code: "BUDGET_REACHED" });
    expect(server.count).toBe(0);
  });
});

describe("a budget of money that cannot be held", () => {
  it("is refused before the first call when a model has no price", async () => {
    const models = { main: { provider: "openai", baseUrl: "http://127.0.0.1:9/v1", model: "generator" } };
    const { made } = await aGate({ config: { models } });
    expect(await refusal(made.gate({ maxCost: 5 }))).toMatchObject({
      code: "CONFIG_INVALID",
      message: "cannot hold a budget of $5: model generator has no price",
    });
  });

  it("is held where the models are on this machine", async () => {
    const models = { main: { provider: "embedded", model: "embedded-1" } };
    const { made } = await aGate({ config: { models } });
    expect(await made.gate({ maxCost: 0.01 })).toBe(0);
  });
});

describe("the estimate", () => {
  it("comes from the lengths of earlier answers once there are some", async () => {
    const { made } = await aGate();
    await made.gate();
    expect(made.said.join("\n")).toMatch(/about \$0\.\d\d at most/);
    const next = aPrompt("1.2.0", "Answer only from the context. Say the price.");
    writeFileSync(join(made.folder, "prompts/greeter.prompt.yml"), next);
    await made.gate();
    expect(made.said.join("\n")).toMatch(/if all are asked and as long as before/);
  });
});

describe("a recording", () => {
  it("holds answers of the cache as well, and none of them is asked for twice", async () => {
    const { made, server } = await aGate({ judged: true });
    await made.gate();
    const calls = server.count;
    await made.gate({ record: join(made.folder, "recording") });
    expect(server.count).toBe(calls);
    expect(readdirSync(join(made.folder, "recording"))).toHaveLength(calls);
    expect(await made.gate({ replay: join(made.folder, "recording") })).toBe(0);
    expect(server.count).toBe(calls);
  });
});

describe("a cache with a size", () => {
  it("is kept within it after a gate", async () => {
    const { made } = await aGate({ config: { cache: { maxSize: "1KB" } } });
    await made.gate();
    expect(made.said.join("\n")).toMatch(/the call cache was over its size: freed [\d.]+ KB: \d+ answers/);
    const folder = join(made.folder, ".promptgate/cache");
    expect(existsSync(folder)).toBe(true);
    const left = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(left.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_100);
  });
});
