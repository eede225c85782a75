import { describe, expect, it } from "vitest";
import type { Case } from "../../src/domain/case.ts";
import { GateError } from "../../src/domain/errors.ts";
import type { Answer } from "../../src/evals/answer.ts";
import { runLooks, type EvaluationRun, type LookOutcome, type Rows } from "../../src/evals/run-looks.ts";
import type { Side, SideName } from "../../src/evals/sides.ts";

function aCase(id: string): Case {
  return { id, vars: {}, tags: [], critical: false, split: "golden", assert: [] };
}

function anAnswer(latencyMs: number): Answer {
  const completion = {
    text: "ok",
    toolCalls: [],
    finishReason: "stop",
    model: "m",
    usage: null,
    latencyMs,
  } as const;
  return { completion, cached: false, costUsd: null };
}

/** A side whose answers are given by hand, and what was asked of it, as `id/sample`. */
function slowSide(name: SideName) {
  const asked: string[] = [];
  const open = new Map<string, { give: () => void; fail: (error: Error) => void }>();
  const side: Side = {
    name,
    samples: () => 1,
    generate: ({ id }, sample) => {
      asked.push(`${id}/${sample}`);
      return new Promise((resolve, reject) => {
        open.set(id, { give: () => resolve(anAnswer(Number(id))), fail: reject });
      });
    },
  };
  return { side, asked, open };
}

function aRun(sides: readonly Side[], concurrency: number): EvaluationRun & { readonly read: string[] } {
  const read: string[] = [];
  return {
    sides,
    assertions: [],
    rubrics: [],
    concurrency,
    signal: new AbortController().signal,
    read,
    readCase: (id) => {
      read.push(id);
      return Promise.resolve(aCase(id));
    },
    judge: () => Promise.reject(new Error("nothing is judged here")),
    observe: () => undefined,
  };
}

/** Everything that can happen without another answer has happened. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const ORDER = ["0", "1", "2", "3", "4", "5", "6", "7"];

/** A run of two looks of four cases with four places, so that two tasks may be asked ahead. */
function twoLooks(atFirst: "stop" | "go on") {
  const { side, asked, open } = slowSide("candidate");
  const run = aRun([side], 4);
  const seen: string[][] = [];
  const decide = (look: number, { candidate }: Rows): LookOutcome<number> => {
    seen.push(candidate.map(({ id }) => id));
    return look === 1 || atFirst === "stop"
      ? { kind: "decided", decision: look }
      : { kind: "continue", passed: new Set() };
  };
  const outcome = runLooks(run, { order: ORDER, looks: [4, 8] }, decide);
  outcome.catch(() => undefined);
  const give = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids) open.get(id)?.give();
    await settle();
  };
  return { outcome, asked, open, seen, give, run };
}

describe("answers of the next look", () => {
  it("are asked for while the last ones of this look are under way, half as many as there are places", async () => {
    const { asked, give, seen } = twoLooks("go on");
    await settle();
    expect(asked).toEqual(["0/0", "1/0", "2/0", "3/0"]);
    await give("0");
    expect(asked.slice(4)).toEqual(["4/0", "5/0"]);
    await give("1");
    expect(asked).toHaveLength(6);
    expect(seen).toEqual([]);
  });

  it("enter no decision but their own, though they are there before it", async () => {
    const { outcome, give, seen } = twoLooks("go on");
    await settle();
    await give("0");
    await give("5", "4", "3", "2", "1");
    expect(seen.map((ids) => ids.toSorted())).toEqual([["0", "1", "2", "3"]]);
    await give("6", "7");
    await expect(outcome).resolves.toMatchObject({ decision: 1 });
    expect(seen[1]?.toSorted()).toEqual(ORDER);
  });

  it("are asked for once and keep the latency that was measured", async () => {
    const { outcome, asked, give } = twoLooks("go on");
    await settle();
    await give("0");
    await give("4", "5", "1", "2", "3");
    await give("6", "7");
    const { rows } = await outcome;
    expect(asked.toSorted()).toEqual(ORDER.map((id) => `${id}/0`));
    expect(rows.candidate.find(({ id }) => id === "4")?.measures?.["latency"]).toBe(4);
  });

  it("are waited for, and counted nowhere, when the look decides", async () => {
    const { outcome, give } = twoLooks("stop");
    let isOver = false;
    void outcome.finally(() => {
      isOver = true;
    });
    await settle();
    await give("0");
    await give("1", "2", "3", "4");
    expect(isOver).toBe(false);
    await give("5");
    const { rows } = await outcome;
    expect(rows.candidate).toHaveLength(4);
  });

  it("hold a fatal failure back until the look has decided to go on", async () => {
    const { outcome, open, give, seen } = twoLooks("go on");
    await settle();
    await give("0");
    open.get("4")?.fail(new GateError("BUDGET_REACHED", "no money", {}));
    await settle();
    expect(seen).toEqual([]);
    await give("5", "1", "2", "3");
    await give("6", "7");
    await expect(outcome).rejects.toMatchObject({ code: "BUDGET_REACHED" });
    expect(seen).toHaveLength(1);
  });

  it("fail without harm when nobody needs them", async () => {
    const { outcome, open, give } = twoLooks("stop");
    await settle();
    await give("0");
    open.get("4")?.fail(new GateError("BUDGET_REACHED", "no money", {}));
    open.get("5")?.fail(new Error("a bug"));
    await give("1", "2", "3");
    await expect(outcome).resolves.toMatchObject({ decision: 0 });
  });

  it("are unscored in their own look when the call alone failed", async () => {
    const { outcome, open, give } = twoLooks("go on");
    await settle();
    await give("0");
    open.get("4")?.fail(new GateError("PROVIDER_FAILED", "500", { retryable: false }));
    await give("5", "1", "2", "3");
    await give("6", "7");
    const { rows } = await outcome;
    const unmeasured = rows.candidate.filter(({ measures }) => measures?.["latency"] === null);
    expect(unmeasured.map(({ id }) => id)).toEqual(["4"]);
    expect(rows.candidate).toHaveLength(8);
  });
});

describe("a case", () => {
  it("is read once for both sides and asked of both", async () => {
    const [baseline, candidate] = [slowSide("baseline"), slowSide("candidate")];
    const run = aRun([baseline.side, candidate.side], 8);
    const outcome = runLooks(run, { order: ["0", "1"], looks: [2] }, () => ({
      kind: "decided",
      decision: "done",
    }));
    await settle();
    for (const { open } of [baseline, candidate]) for (const { give } of open.values()) give();
    const { rows } = await outcome;
    expect(run.read).toEqual(["0", "1"]);
    expect([rows.baseline.length, rows.candidate.length]).toEqual([2, 2]);
    expect([baseline.asked, candidate.asked]).toEqual([
      ["0/0", "1/0"],
      ["0/0", "1/0"],
    ]);
  });
});
