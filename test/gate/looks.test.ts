import { describe, expect, it } from "vitest";
import type { ScoreRow } from "../../src/domain/scores.ts";
import { decideGate, type GateDecision } from "../../src/gate/decide.ts";
import { planGate } from "../../src/gate/plan.ts";
import { aRule, steady } from "./score-rows.ts";

describe("a run of several looks", () => {
  const rules = [aRule({ name: "a" }), aRule({ name: "b" })];
  const plan = planGate({
    entries: steady.map(({ id }) => ({ id })),
    rules,
    sigma: { a: 0.2, b: 0.2 },
    seed: 3,
    sequential: true,
  });
  /** Rows of the cases of the order, with b going up and down by its place. */
  const rowsOf = (b: (place: number) => number): ScoreRow[] =>
    plan.order.map((id, place) => ({ id, sample: 0, scores: { a: 0.5, b: b(place) } }));
  const upTo = (rows: readonly ScoreRow[], look: number): ScoreRow[] =>
    rows.slice(0, plan.looks[look]?.cases);
  const decideAt = (
    look: number,
    baseline: readonly ScoreRow[],
    candidate: readonly ScoreRow[],
  ): GateDecision =>
    decideGate(plan, look, { baseline: upTo(baseline, look), candidate: upTo(candidate, look) }, rules);

  it("goes on while a metric is open, and ends when all have passed", () => {
    const baseline = rowsOf(() => 0.5);
    const candidate = rowsOf((place) => (place % 2 === 0 ? 0.3 : 0.72));
    const kinds = plan.looks.map((_, look) => decideAt(look, baseline, candidate).kind);
    const end = kinds.indexOf("decided");
    expect(end).toBeGreaterThan(3);
    expect(decideAt(end, baseline, candidate)).toMatchObject({ kind: "decided", verdict: "pass", look: end });
  });

  it("keeps a metric that passed, although later cases lack it", () => {
    const baseline = rowsOf(() => 0.5);
    const candidate = rowsOf((place) => (place % 2 === 0 ? 0.1 : 0.92));
    const full = plan.looks.findIndex((_, look) => {
      const decision = decideAt(look, baseline, candidate);
      return decision.kind === "continue" && decision.metrics[0]?.passed === true;
    });
    expect(full).toBeGreaterThan(0);
    const last = plan.looks.length - 1;
    const from = plan.looks[full]?.cases ?? 0;
    const withoutA = (rows: readonly ScoreRow[]): ScoreRow[] =>
      rows.map((row, place) => (place < from ? row : { ...row, scores: { b: row.scores["b"] ?? null } }));
    const decision = decideAt(last, withoutA(baseline), withoutA(candidate));
    expect(decision.kind).toBe("decided");
    if (decision.kind !== "decided") return;
    expect(decision.metrics[0]).toMatchObject({
      verdict: "pass",
      used: plan.looks[full]?.units,
      unscored: 0,
      n: 200,
    });
    expect(decision.metrics[1]?.used).toBeGreaterThan(plan.looks[full]?.units ?? 0);
  });

  it("fails as soon as one metric is surely worse, and stays so when asked again with more rows", () => {
    const baseline = rowsOf(() => 0.9);
    const candidate = rowsOf((place) => (place < 60 ? 0.2 : 1));
    const first = decideAt(0, baseline, candidate);
    expect(first).toMatchObject({ kind: "decided", verdict: "fail", look: 0 });
    expect(decideAt(plan.looks.length - 1, baseline, candidate)).toEqual(first);
    if (first.kind !== "decided") return;
    expect(first.metrics[1]).toMatchObject({ used: 20, n: 200 });
  });

  it("has no verdict when the last look leaves a metric open", () => {
    const baseline = rowsOf(() => 0.5);
    const candidate = rowsOf((place) => (place % 2 === 0 ? 0 : 0.97));
    const decision = decideAt(plan.looks.length - 1, baseline, candidate);
    expect(decision).toMatchObject({ kind: "decided", verdict: "inconclusive" });
  });

  it("says how many cases were not needed", () => {
    const rows = rowsOf(() => 0.5);
    const decision = decideAt(plan.looks.length - 1, rows, rows);
    expect(decision.kind === "decided" ? decision.headline : "").toMatch(
      /Stopped early: \d+ cases not needed\.$/,
    );
  });

  it("reports the same interval as the verdict at that look", () => {
    const baseline = rowsOf(() => 0.5);
    for (const drop of [0, 0.02, 0.05, 0.2]) {
      const decision = decideAt(
        plan.looks.length - 1,
        baseline,
        rowsOf((place) => 0.5 - drop + ((place % 3) - 1) / 10),
      );
      if (decision.kind !== "decided") throw new Error("the last look decides");
      for (const { verdict, interval } of decision.metrics) {
        expect(verdict === "fail").toBe((interval?.high ?? 1) < 0);
        expect(verdict === "pass").toBe((interval?.low ?? -1) > -0.05 && (interval?.high ?? -1) >= 0);
      }
    }
  });
});
