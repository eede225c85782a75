import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelRequest } from "../../../src/domain/model.ts";
import { requestDigest } from "../../../src/domain/stored-call.ts";
import { openCallCache, type SharedCallCache } from "../../../src/evals/calls/call-cache.ts";
import { askAll, completion, question, questions, retryable, simulateRun } from "./simulated-run.ts";

let directory: string;
let warnings: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptgate-"));
  warnings = [];
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

/** A cache that brings every answer to the disk at once. */
function open(): SharedCallCache {
  const log = { info: () => undefined, warn: (line: string) => warnings.push(line) };
  const cache = openCallCache(directory, log, { now: () => Date.UTC(2026, 10, 20) });
  const write: SharedCallCache["write"] = (...answer) => {
    cache.write(...answer);
    cache.flush();
  };
  return { ...cache, write };
}

async function entries(): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => name.includes(".json")).map((name) => join(directory, name));
}

describe("a cached call", () => {
  it("is not made again in a later run, and keeps latency and cost", async () => {
    await simulateRun(() => "30 days", { cache: open() }).ask(question("a"), "generation");
    const later = simulateRun(() => "something else", { cache: open() });
    const answer = await later.ask(question("a"), "generation");
    expect(answer).toMatchObject({ cached: true, completion: { text: "30 days", latencyMs: 50 } });
    expect(answer.costUsd).toBeCloseTo(0.002, 12);
    expect(later.attempts).toHaveLength(0);
    expect(later.usage.read()).toMatchObject({ calls: 0, cachedCalls: 1, costUsd: 0 });
  });

  it("is made once when asked for many times at once", async () => {
    const run = simulateRun(() => "ok", { cache: open() });
    const answers = await Promise.all(questions(10).map(() => run.ask(question("same"), "judge")));
    expect(run.attempts).toHaveLength(1);
    expect(answers.filter(({ cached }) => !cached)).toHaveLength(1);
    expect(run.usage.read()).toMatchObject({ calls: 1, cachedCalls: 9 });
  });

  it("is not kept when it failed", async () => {
    const run = simulateRun(({ index }) => (index < 4 ? retryable("PROVIDER_FAILED") : "ok"), {
      cache: open(),
    });
    expect((await askAll(run, [question("a"), question("a")])).errors).toHaveLength(2);
    expect(await entries()).toEqual([]);
    expect((await run.ask(question("a"), "generation")).completion.text).toBe("ok");
  });

  it("is made every time without a cache, even at once", async () => {
    const run = simulateRun(() => "ok");
    await askAll(run, [question("a"), question("a")]);
    expect(run.attempts).toHaveLength(2);
    expect(await entries()).toEqual([]);
  });

  it("is found by a process that began before it was stored", () => {
    const [first, second] = [open(), open()];
    const identity = simulateRun(() => "ok").model;
    const [a, b] = [question("a"), question("b")].map((request) => requestDigest(identity, request));
    expect([second.read(a ?? "sha256:"), second.read(b ?? "sha256:")]).toEqual([null, null]);
    for (const [digest, text] of [
      [a, "one"],
      [b, "two"],
    ] as const) {
      first.write(digest ?? "sha256:", identity, completion(text));
      expect(second.read(digest ?? "sha256:")?.text).toBe(text);
    }
  });

  it("is whole after a write that was cut off", async () => {
    const run = simulateRun(() => "ok", { cache: open() });
    await run.ask(question("a"), "generation");
    const [path = ""] = await entries();
    const text = await readFile(path, "utf8");
    await writeFile(path, `${text}${text.slice(0, 200)}`);
    const digest = requestDigest(run.model, question("a"));
    expect(open().read(digest)?.text).toBe("ok");
    open().write(digest, run.model, completion("later"));
    expect(open().read(digest)?.text).toBe("later");
    expect(warnings).toEqual([]);
  });

  it("may be stored by two processes at a time", async () => {
    const [first, second] = [open(), open()];
    const identity = simulateRun(() => "ok").model;
    const digest = requestDigest(identity, question("a"));
    first.write(digest, identity, completion("one"));
    second.write(digest, identity, completion("two"));
    expect(first.read(digest)?.text).toBe("two");
    expect(await entries()).toHaveLength(1);
  });
});

async function damage(change: (text: string) => string): Promise<void> {
  await simulateRun(() => "good", { cache: open() }).ask(question("a"), "generation");
  const [path = ""] = await entries();
  await writeFile(path, change(await readFile(path, "utf8")));
}

describe("a damaged entry", () => {
  it.each([
    ["torn at its beginning", (text: string) => `${text.slice(0, 40)}\n`],
    ["torn in its middle", (text: string) => `${text.slice(0, 140)}\n`],
    ["of another format", (text: string) => text.replace("call@1", "call@9")],
    ["of another call", (text: string) => text.replace(/sha256:..../, "sha256:0000")],
    ["with a wrong type", (text: string) => text.replace('"good"', "17")],
    ["with a negative number of tokens", (text: string) => text.replace("1000", "-1")],
  ])("(%s) is dropped, said, and asked for again", async (_, change) => {
    await damage(change);
    const run = simulateRun(() => "fresh", { cache: open() });
    const answer = await run.ask(question("a"), "generation");
    expect(answer).toMatchObject({ cached: false, completion: { text: "fresh" } });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("dropped a damaged entry");
    expect(open().read(requestDigest(run.model, question("a")))?.text).toBe("fresh");
  });
});

describe("a cache folder that cannot be used", () => {
  it("is said once and costs no answer", async () => {
    await writeFile(join(directory, "file"), "");
    directory = join(directory, "file", "below");
    const run = simulateRun(() => "ok", { cache: open() });
    expect((await askAll(run, questions(10))).answered).toBe(10);
    expect(warnings.filter((line) => line.startsWith("cannot write the call cache"))).toHaveLength(1);
    directory = join(directory, "..", "..");
  });

  it("leaves no temporary files", async () => {
    const cache = open();
    await askAll(
      simulateRun(() => "ok", { cache }),
      questions(5),
    );
    const names = await readdir(directory, { recursive: true });
    expect(names.filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("the identity of a call", () => {
  const model = { provider: "openai", model: "gpt-4o-mini", baseUrl: undefined };
  const base = question("a");
  const digest = requestDigest(model, base);

  it.each<[string, ModelRequest]>([
    ["messages", { ...base, messages: [{ role: "user", content: "b" }] }],
    ["role", { ...base, messages: [{ role: "system", content: "a" }] }],
    ["parameters", { ...base, parameters: { temperature: 0 } }],
    ["response format", { ...base, responseFormat: "json_object" }],
    ["schema", { ...base, jsonSchema: {} }],
    ["tools", { ...base, tools: [{ name: "x", parameters: {} }] }],
    ["sample", { ...base, sample: 1 }],
  ])("changes with the %s", (_, request) => {
    expect(requestDigest(model, request)).not.toBe(digest);
  });

  it.each([
    ["provider", { ...model, provider: "other" }],
    ["model", { ...model, model: "gpt-4o" }],
    ["base URL", { ...model, baseUrl: "https://example.com/v1" }],
  ])("changes with the %s", (_, other) => {
    expect(requestDigest(other, base)).not.toBe(digest);
  });

  it("does not change with the order of keys or with what is left out", () => {
    const parameters = { temperature: 0, topP: 1 };
    const reordered = { topP: 1, temperature: 0, maxTokens: undefined } as unknown as typeof parameters;
    expect(requestDigest(model, { ...base, parameters: reordered })).toBe(
      requestDigest(model, { ...base, parameters }),
    );
  });
});
