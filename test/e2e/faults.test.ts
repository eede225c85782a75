import { EventEmitter, once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  startOpenAiServer,
  type OpenAiServer,
  type OpenAiServerOptions,
  type Reply,
} from "../loopback/openai-server.ts";
import { mixedFaults, noFaults, scriptFaults, type FaultScript } from "../loopback/scripted-faults.ts";
import {
  aFaultProject,
  answerFromContext,
  measuredBy,
  runFaultGate,
  type FaultShape,
  type GateOutcome,
} from "./fault-run.ts";
import type { TestProject } from "./project.ts";

// Retries wait in real time, and each process loads the whole gate.
vi.setConfig({ testTimeout: 240_000 });

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function aServer(options: OpenAiServerOptions): Promise<OpenAiServer> {
  const server = await startOpenAiServer(options);
  cleanups.push(() => server.close());
  return server;
}

function project(shape: FaultShape): TestProject {
  const made = aFaultProject(shape);
  cleanups.push(() => made.remove());
  return made;
}

interface Survived {
  readonly outcome: GateOutcome;
  readonly server: OpenAiServer;
  readonly script: FaultScript;
}

/** One gate against a model with these faults. */
async function gateWith(
  shape: FaultShape,
  fault: (key: string, attempt: number) => Reply | null,
): Promise<Survived> {
  const script = scriptFaults(answerFromContext, fault);
  const server = await aServer({ reply: script.reply });
  const outcome = await runFaultGate(project({ ...shape, baseUrl: server.baseUrl }));
  return { outcome, server, script };
}

describe("a provider with every fault at once", () => {
  it.each<[string, FaultShape, number]>([
    ["passes what passes without them", { judged: true, cases: 80 }, 0],
    ["fails what fails without them", { worse: true, cases: 80 }, 1],
  ])("%s, with the same figures and every call counted once", async (_, shape, exitCode) => {
    const calm = await gateWith(shape, noFaults);
    expect(calm.outcome.exitCode).toBe(exitCode);
    const { outcome, server, script } = await gateWith(shape, mixedFaults);
    expect(outcome.exitCode).toBe(exitCode);
    expect(measuredBy(outcome)).toEqual(measuredBy(calm.outcome));
    expect(outcome.prompt?.cases.unscored).toBe(0);
    expect(script.refused).toBeGreaterThan(10);
    expect(script.answered + script.refused).toBe(server.count);
    expect(outcome.prompt?.usage.calls).toBe(script.answered);
    // No answer was paid for twice.
    expect(script.distinct).toBe(script.answered);
    expect(outcome.prompt?.usage).toMatchObject({
      calls: calm.outcome.prompt?.usage.calls,
      cachedCalls: calm.outcome.prompt?.usage.cachedCalls,
    });
  });
});

/** Which case meets which fault at every attempt. */
const broken: Readonly<Record<string, Reply>> = {
  "5": { kind: "status", status: 500, body: "upstream is sad" },
  "17": { kind: "reset" },
  "29": { kind: "cut" },
  "41": { kind: "status", status: 200, body: '{"choices":[{"mess' },
  "53": { kind: "silence" },
  "65": { kind: "drip", everyMs: 400 },
};

function brokenCase(key: string): Reply | null {
  return broken[/does article (\d+) cost/.exec(key)?.[1] ?? ""] ?? null;
}

describe("cases that fail at every attempt", () => {
  it("are counted as unscored with the reason and give no verdict; the same command asks for them alone", async () => {
    let healed = false;
    const script = scriptFaults(answerFromContext, (key) => (healed ? null : brokenCase(key)));
    const server = await aServer({ reply: script.reply });
    const made = project({ baseUrl: server.baseUrl, cases: 80, timeout: "2s" });
    const first = await runFaultGate(made);
    expect(first.exitCode).toBe(3);
    const ids = Object.keys(broken).map((number) => `case-${number}`);
    expect(first.prompt?.cases).toMatchObject({ used: 80, unscored: ids.length });
    expect(new Set(first.prompt?.unscored.map(({ id }) => id))).toEqual(new Set(ids));
    expect(first.prompt?.unscored.every(({ reason }) => reason.includes("(4 attempts)"))).toBe(true);
    expect(first.prompt?.usage.calls).toBe(script.answered);
    healed = true;
    const second = await runFaultGate(made);
    expect(second.exitCode).toBe(0);
    expect(second.prompt?.usage).toMatchObject({ calls: ids.length * 2, cachedCalls: 160 - ids.length * 2 });
    expect(script.distinct).toBe(script.answered);
  });

  it("on the candidate's side alone neither pass nor fail it", async () => {
    const { outcome } = await gateWith({ cases: 80 }, (key) =>
      key.includes("Name the price") && brokenCase(key) !== null ? { kind: "reset" } : null,
    );
    expect(outcome.exitCode).toBe(3);
    expect(outcome.prompt?.cases.unscored).toBe(Object.keys(broken).length);
  });
});

interface MortalServer {
  readonly baseUrl: string;
  readonly script: FaultScript;
  /** Settles when the server is gone. */
  readonly death: Promise<void>;
  comeBack(): Promise<void>;
}

/** A model that is gone, connections and all, after so many answers. */
async function aMortalServer(answers: number): Promise<MortalServer> {
  const script = scriptFaults(answerFromContext, noFaults);
  const events = new EventEmitter();
  const reply: typeof script.reply = (request) => {
    if (script.answered === answers) void server.close().then(() => events.emit("gone"));
    return script.reply(request);
  };
  const server = await aServer({ reply });
  const death = once(events, "gone").then(() => undefined);
  const comeBack = async (): Promise<void> => {
    await death;
    await aServer({ reply: script.reply, port: server.port });
  };
  return { baseUrl: server.baseUrl, script, death, comeBack };
}

describe("a server that dies half way", () => {
  it("and comes back within the patience of the calls costs nothing but a wait", async () => {
    const server = await aMortalServer(40);
    const back = server.death.then(() => wait(300)).then(server.comeBack);
    const outcome = await runFaultGate(project({ baseUrl: server.baseUrl, cases: 80 }));
    await back;
    expect(outcome.exitCode).toBe(0);
    expect(outcome.prompt?.cases.unscored).toBe(0);
    expect(outcome.prompt?.usage.calls).toBe(server.script.distinct);
  });

  it("and stays away ends the run without a verdict; the same command goes on when it is back", async () => {
    const server = await aMortalServer(40);
    const made = project({ baseUrl: server.baseUrl, cases: 80 });
    const first = await runFaultGate(made, { args: ["-j", "4"] });
    expect(first.exitCode).toBe(4);
    expect(first.error?.code).toBe("NETWORK");
    await server.comeBack();
    const second = await runFaultGate(made, { args: ["-j", "4"] });
    expect(second.exitCode).toBe(0);
    expect(second.prompt?.usage.cachedCalls).toBeGreaterThanOrEqual(40 - 4);
    // Only what was under way when the server died is asked twice.
    expect(server.script.answered - server.script.distinct).toBeLessThanOrEqual(4);
  });
});

it("a host name that cannot be resolved ends the run without a verdict, and says so", async () => {
  const { exitCode, error } = await runFaultGate(project({ baseUrl: "https://nowhere.invalid/v1" }));
  expect(exitCode).toBe(4);
  expect(error).toMatchObject({ code: "NETWORK" });
  expect(error?.message).toContain("nowhere.invalid");
});
