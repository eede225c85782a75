import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import type { JudgeNote, ScoreRow } from "../../src/domain/scores.ts";
import { decideGate } from "../../src/gate/decide.ts";
import { planGate } from "../../src/gate/plan.ts";
import { aRule, decideOnce, onlyMetric, scoreRows, times } from "./score-rows.ts";

/** Rows of a comparison: `differences[i]` for the candidate, `consistent(i)` for whether both orders agree. */
function compared(differences: readonly number[], consistent: (index: number) => boolean = () => true) {
  const rows = (sign: 1 | -1): ScoreRow[] => scoreRows(differences.map((d) => (1 + sign * d) / 2));
  const note = (index: number): JudgeNote => ({
    kind: "pairwise",
    judged: 1,
    consistent: consistent(index) ? 1 : 0,
    first: consistent(index) ? 1 : 2,
    second: consistent(index) ? 1 : 0,
  });
  const candidate = rows(1).map((row, index) => ({ ...row, judges: { quality: note(index) } }));
  return { baseline: rows(-1), candidate };
}

/** 70 ties and 15 wins and losses each, but for `shift` losses that become wins. */
function record(shift: number): number[] {
  return [...times(70, 0), ...times(15 + shift, 1), ...times(15 - shift, -1)];
}

/** The same rows with a second metric that does not change. */
function withOther(rows: readonly ScoreRow[]): ScoreRow[] {
  return rows.map((row) => ({ ...row, scores: { ...row.scores, other: 0.8 } }));
}

describe("a metric of comparisons", () => {
  it("has the net win rate as its difference", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(-1, -0.5, 0, 0.5, 1), { minLength: 20, maxLength: 60 }),
        (list) => {
          const metric = onlyMetric(decideOnce(compared(list)));
          const net = list.reduce<number>((sum, each) => sum + each, 0) / list.length;
          expect(metric.delta).toBeCloseTo(net, 9);
          expect((metric.candidate ?? 0) + (metric.baseline ?? 0)).toBeCloseTo(1, 9);
        },
      ),
    );
  });

  it("passes and fails by the margin on that rate", () => {
    expect(decideOnce(compared(record(15))).verdict).toBe("pass");
    expect(decideOnce(compared(record(-15))).verdict).toBe("fail");
    expect(decideOnce(compared(record(0))).verdict).toBe("inconclusive");
  });

  it("tells how far its judge depends on the order", () => {
    const { judging, level } = onlyMetric(decideOnce(compared(record(15), (index) => index >= 10)));
    expect(judging).toEqual({ kind: "pairwise", judged: 100, consistency: 0.9, firstSlotRate: 110 / 200 });
    expect(level).toBe("error");
  });

  it.each([
    [20, "error", "fail"],
    [21, "warn", "inconclusive"],
  ])("of which %d of 100 contradict each other is at level %s", (contradictions, level, verdict) => {
    const decided = decideOnce(compared(record(-15), (index) => index >= contradictions));
    expect(decided.verdict).toBe(verdict);
    expect(onlyMetric(decided).level).toBe(level);
    const isSaid = decided.warnings.some((line) =>
      line.startsWith("quality does not decide: the judge prefers the same output in both orders in 79 %"),
    );
    expect(isSaid).toBe(level === "warn");
  });

  it("lets the other metrics decide when its judge contradicts itself", () => {
    const { baseline, candidate } = compared(record(-15), () => false);
    const rows = { baseline: withOther(baseline), candidate: withOther(candidate) };
    const decided = decideOnce(rows, aRule(), aRule({ name: "other" }));
    expect(decided.verdict).toBe("pass");
    expect(decided.metrics.map(({ level }) => level)).toEqual(["warn", "error"]);
    expect(decided.reasons.some((reason) => reason.startsWith("quality"))).toBe(false);
  });

  it("leaves a metric that the user switched off alone", () => {
    const decided = decideOnce(
      compared(record(-15), () => false),
      aRule({ level: "off" }),
    );
    expect(onlyMetric(decided).level).toBe("off");
    expect(decided.warnings).toEqual([]);
  });

  it("regains its say when more comparisons show the judge to be reliable", () => {
    const size = 400;
    const entries = Array.from({ length: size }, (_, index) => ({ id: `c${index}` }));
    const rules = [aRule()];
    const plan = planGate({ entries, rules, seed: 1, sequential: true });
    const early = new Set(plan.order.slice(0, plan.looks[0]?.cases));
    const rows = compared(times(size, -0.2), (index) => !early.has(`c${index}`));
    expect(decideGate(plan, 0, rows, rules)).toMatchObject({ kind: "continue" });
    expect(decideGate(plan, plan.looks.length - 1, rows, rules)).toMatchObject({ verdict: "fail" });
  });

  it("needs no judge where all outputs are the same", () => {
    const rows = compared(times(100, 0));
    const note: JudgeNote = { kind: "pairwise", judged: 0, consistent: 0, first: 0, second: 0 };
    const candidate = rows.candidate.map((row) => ({ ...row, judges: { quality: note } }));
    const decided = decideOnce({ ...rows, candidate });
    expect(decided.verdict).toBe("pass");
    expect(onlyMetric(decided).judging).toEqual({
      kind: "pairwise",
      judged: 0,
      consistency: 1,
      firstSlotRate: null,
    });
  });
});

describe("a metric of a panel", () => {
  it("tells how far the votes of both sides agree", () => {
    const rows = scoreRows(times(40, 1));
    const voted = (votes: (string | null)[]): ScoreRow[] =>
      rows.map((row) => ({ ...row, judges: { quality: { kind: "panel", votes: { a: votes } } } }));
    const decided = decideOnce({
      baseline: voted(["yes", "yes", "yes"]),
      candidate: voted(["yes", "yes", "no"]),
    });
    expect(onlyMetric(decided).judging).toEqual({ kind: "panel", judges: 3, agreement: 4 / 6 });
    const silent = decideOnce({ baseline: voted(["yes", null, null]), candidate: voted([null, null, "no"]) });
    expect(onlyMetric(silent).judging).toEqual({ kind: "panel", judges: 3, agreement: null });
  });

  it("is none without votes", () => {
    const rows = scoreRows(times(40, 1));
    expect(onlyMetric(decideOnce({ baseline: rows, candidate: rows })).judging).toBeNull();
  });
});
