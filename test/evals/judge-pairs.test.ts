import { describe, expect, it } from "vitest";
import { GateError } from "../../src/domain/errors.ts";
import type { PairScore } from "../../src/domain/evaluation.ts";
import { evaluateAgain } from "../../src/evals/evaluate-again.ts";
import type { PairJudgement } from "../../src/evals/judge-pairs.ts";
import { runLooks, type EvaluationRun, type Rows } from "../../src/evals/run-looks.ts";
import type { Side, SideName } from "../../src/evals/sides.ts";
import { aCase } from "../builders.ts";
import { aCompletion, aRubric } from "./judge/judges.ts";

const preference = aRubric({ name: "preference", scale: { kind: "pairwise" }, threshold: null });
const won: PairScore = {
  kind: "scored",
  difference: 1,
  reason: "better",
  note: { kind: "pairwise", judged: 1, consistent: 1, first: 1, second: 1 },
};

/** Answers with its own name and what it was asked; cases that it cannot answer are a provider's fault. */
function aSide(name: SideName, { samples = 1, fails = [] as readonly string[] } = {}): Side {
  return {
    name,
    samples: () => samples,
    generate: (testCase, sample) =>
      fails.includes(testCase.id)
        ? Promise.reject(new GateError("TIMEOUT", "no answer in time", { retryable: true }))
        : Promise.resolve({
            completion: aCompletion({ text: `${name} ${testCase.id} ${sample}` }),
            cached: false,
            costUsd: null,
          }),
  };
}

interface Setting {
  readonly sides?: readonly Side[];
  readonly judge?: (judgement: PairJudgement) => Promise<PairScore>;
}

function aRun({ sides = [aSide("baseline"), aSide("candidate")], judge }: Setting = {}) {
  const judged: string[] = [];
  const observed: string[] = [];
  const run: EvaluationRun = {
    sides,
    assertions: [],
    rubrics: [],
    pairs: {
      rubrics: [preference],
      judge: (judgement) => {
        judged.push(`${judgement.baseline.text} | ${judgement.candidate.text}`);
        return judge === undefined ? Promise.resolve(won) : judge(judgement);
      },
    },
    concurrency: 3,
    signal: new AbortController().signal,
    readCase: (id) => Promise.resolve(aCase({ id })),
    judge: () => Promise.reject(new Error("no single output is judged here")),
    observe: ({ side, row }) => observed.push(`${side} ${row.id} ${row.sample}`),
  };
  return { run, judged, observed };
}

function look(run: EvaluationRun, order: readonly string[]): Promise<Rows> {
  return runLooks(run, { order, looks: [order.length] }, (_, rows) => ({
    kind: "decided",
    decision: rows,
  })).then(({ rows }) => rows);
}

function scoresOf(rows: Rows): Record<string, unknown> {
  return Object.fromEntries(
    (["baseline", "candidate"] as const).flatMap((side) =>
      rows[side].map(({ id, sample, scores }) => [`${side} ${id} ${sample}`, scores["preference"]]),
    ),
  );
}

describe("a comparison within a run", () => {
  it("sees both outputs of each sample once, and shares the score out so that the difference is the net win rate", async () => {
    const { run, judged, observed } = aRun({
      sides: [aSide("baseline", { samples: 2 }), aSide("candidate", { samples: 2 })],
      judge: ({ case: { id } }) => Promise.resolve({ ...won, difference: id === "a" ? 1 : -0.5 }),
    });
    const rows = await look(run, ["a", "b"]);
    expect(scoresOf(rows)).toEqual({
      "baseline a 0": 0,
      "candidate a 0": 1,
      "baseline a 1": 0,
      "candidate a 1": 1,
      "baseline b 0": 0.75,
      "candidate b 0": 0.25,
      "baseline b 1": 0.75,
      "candidate b 1": 0.25,
    });
    expect(judged.toSorted()).toEqual([
      "baseline a 0 | candidate a 0",
      "baseline a 1 | candidate a 1",
      "baseline b 0 | candidate b 0",
      "baseline b 1 | candidate b 1",
    ]);
    expect(new Set(observed).size).toBe(8);
    expect(observed).toHaveLength(8);
  });

  it("notes how the judge did on the candidate's row alone", async () => {
    const { run } = aRun();
    const { baseline, candidate } = await look(run, ["a"]);
    expect(candidate[0]?.judges).toEqual({ preference: won.kind === "scored" ? won.note : null });
    expect(baseline[0]).not.toHaveProperty("judges");
  });

  it("is missing on both sides when one side has no output", async () => {
    const { run, judged } = aRun({ sides: [aSide("baseline"), aSide("candidate", { fails: ["a"] })] });
    const rows = await look(run, ["a", "b"]);
    expect(scoresOf(rows)).toMatchObject({ "baseline a 0": null, "candidate a 0": null, "candidate b 0": 1 });
    expect(judged).toHaveLength(1);
  });

  it("is missing on both sides when the judge cannot be reached or gives no usable answer", async () => {
    const { run } = aRun({
      judge: ({ case: { id } }) =>
        id === "a"
          ? Promise.reject(new GateError("RATE_LIMITED", "slow down", { retryable: true }))
          : Promise.resolve({ kind: "unscored", reason: "no usable answer" }),
    });
    const scores = scoresOf(await look(run, ["a", "b"]));
    expect(Object.values(scores)).toEqual([null, null, null, null]);
  });

  it("ends the run on what no other case makes good", async () => {
    const { run } = aRun({ judge: () => Promise.reject(new GateError("BUDGET_REACHED", "no money left")) });
    await expect(look(run, ["a", "b"])).rejects.toMatchObject({ code: "BUDGET_REACHED" });
  });

  it("leaves a sample alone that the other side does not have", async () => {
    const { run } = aRun({ sides: [aSide("baseline", { samples: 2 }), aSide("candidate")] });
    const rows = await look(run, ["a"]);
    expect(scoresOf(rows)).toEqual({ "baseline a 0": 0, "candidate a 0": 1, "baseline a 1": undefined });
  });

  it("does not happen without a baseline", async () => {
    const { run, judged } = aRun({ sides: [aSide("candidate")] });
    expect(scoresOf(await look(run, ["a"]))).toEqual({ "candidate a 0": undefined });
    expect(judged).toEqual([]);
  });

  it("stops for a metric that has passed", async () => {
    const { run, judged } = aRun();
    const { rows } = await runLooks(run, { order: ["a", "b"], looks: [1, 2] }, (index, seen) =>
      index === 0
        ? { kind: "continue", passed: new Set(["preference"]) }
        : { kind: "decided", decision: seen },
    );
    expect(scoresOf(rows)).toMatchObject({ "candidate a 0": 1, "candidate b 0": undefined });
    expect(judged).toHaveLength(1);
  });

  it("can be told again with its reason", async () => {
    const { run } = aRun();
    expect(await evaluateAgain(run, "a", "baseline")).toMatchObject({
      side: "baseline",
      row: { scores: { preference: 0 }, measures: { characters: "baseline a 0".length } },
      reasons: { preference: "better" },
    });
    expect(await evaluateAgain({ ...run, sides: [aSide("baseline")] }, "a", "candidate")).toBeNull();
  });
});
