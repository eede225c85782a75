import { describe, expect, it } from "vitest";
import { isWaived, type Waiver } from "../../src/domain/waiver.ts";
import { planGate } from "../../src/gate/plan.ts";
import { countedUnits, isWaivedMetric, waivedCases, waiveRules } from "../../src/gate/waivers.ts";
import { aRule, decideOnce, onlyMetric, scored, steady } from "./score-rows.ts";

function aWaiver(fields: Partial<Waiver>): Waiver {
  return {
    prompt: null,
    case: null,
    metric: null,
    owner: "ana",
    reason: "known",
    expires: "2026-12-01",
    ...fields,
  };
}

function waived(...waivers: readonly Partial<Waiver>[]) {
  return waiveRules([aRule()], waivers.map(aWaiver));
}

const few = steady.slice(0, 44);

function rows(quality: number): typeof steady {
  return steady.map((row) => ({ ...row, scores: { quality, other: 0.8 } }));
}

describe("a waived metric", () => {
  it.each(["error", "warn", "off"] as const)("at level %s never decides", (level) => {
    const [rule] = waiveRules([aRule({ level })], [aWaiver({ metric: "quality" })]);
    expect(rule?.level).toBe(level === "error" ? "warn" : level);
  });

  it("is reported with its loss and does not fail the gate", () => {
    const rules = waiveRules([aRule(), aRule({ name: "other" })], [aWaiver({ metric: "quality" })]);
    const decided = decideOnce({ baseline: rows(0.8), candidate: rows(0.2) }, ...rules);
    expect(decided.verdict).toBe("pass");
    expect(decided.metrics.find(({ name }) => name === "quality")).toMatchObject({
      verdict: "fail",
      level: "warn",
      used: 200,
    });
    expect(decided.warnings[0]).toMatch(/^quality: .*does not block/);
  });

  it("leaves nothing that could decide where it is the only one: not a pass", () => {
    const decided = decideOnce({ baseline: steady, candidate: steady }, ...waived({ metric: "quality" }));
    expect(decided.verdict).toBe("inconclusive");
  });

  it("leaves other metrics alone", () => {
    expect(waived({ metric: "tone" })).toEqual([aRule()]);
    expect(isWaivedMetric([aWaiver({ metric: "tone", case: "c1" })], "tone")).toBe(false);
  });
});

describe("a waived case", () => {
  const broken = scored(200, (index) => (index < 25 ? 0 : 0.8));
  const ids = Array.from({ length: 25 }, (_, index) => `c${index}`);
  const allOf = (fields: Partial<Waiver>) => waived(...ids.map((id) => ({ ...fields, case: id })));

  it.each([[{}], [{ metric: "quality" }]])("is out before the pairs are formed, with %o", (fields) => {
    expect(decideOnce({ baseline: steady, candidate: broken }).verdict).toBe("fail");
    const decided = decideOnce({ baseline: steady, candidate: broken }, ...allOf(fields));
    expect(onlyMetric(decided)).toMatchObject({
      verdict: "pass",
      n: 175,
      used: 175,
      unscored: 0,
      losses: 0,
      ties: 175,
      candidate: 0.8,
    });
  });

  it("counts on the metrics that the waiver does not name", () => {
    const decided = decideOnce({ baseline: steady, candidate: broken }, ...allOf({ metric: "tone" }));
    expect(onlyMetric(decided)).toMatchObject({ verdict: "fail", used: 200 });
  });

  it("does not make missing scores of other cases look scored", () => {
    const missing = scored(200, (index) => (index < 30 ? null : 0.8));
    const metric = onlyMetric(decideOnce({ baseline: steady, candidate: missing }, ...allOf({})));
    expect(metric).toMatchObject({ verdict: "inconclusive", unscored: 5, used: 175 });
  });

  it("leaves too few cases too few", () => {
    const decided = decideOnce({ baseline: few, candidate: few }, ...allOf({}));
    expect(onlyMetric(decided)).toMatchObject({ verdict: "inconclusive", n: 19 });
  });

  it("leaves its cluster to the other cases of the cluster", () => {
    const grouped = broken.map((row, index) => ({ ...row, group: `g${index % 100}` }));
    const baseline = steady.map((row, index) => ({ ...row, group: `g${index % 100}` }));
    expect(onlyMetric(decideOnce({ baseline, candidate: grouped }, ...allOf({})))).toMatchObject({
      verdict: "pass",
      n: 100,
      used: 100,
    });
  });

  it("is named in the rule in a fixed order, each once", () => {
    expect(waived({ case: "b" }, { case: "a", metric: "quality" }, { case: "b", metric: "quality" })).toEqual(
      [aRule({ waivedCases: ["a", "b"] })],
    );
  });

  it("is out of everything only without a metric", () => {
    expect(waivedCases([aWaiver({ case: "a" }), aWaiver({ case: "b", metric: "quality" })])).toEqual(
      new Set(["a"]),
    );
  });
});

describe("isWaived", () => {
  it.each<[Partial<Waiver>, boolean]>([
    [{ case: "a" }, true],
    [{ case: "b" }, false],
    [{ metric: "quality" }, true],
    [{ metric: "tone" }, false],
    [{ case: "a", metric: "quality" }, true],
    [{ case: "a", metric: "tone" }, false],
    [{ case: "b", metric: "quality" }, false],
  ])("of case a on quality under %o is %s", (fields, expected) => {
    expect(isWaived([aWaiver(fields)], "a", "quality")).toBe(expected);
  });
});

describe("a plan", () => {
  const entries = Array.from({ length: 30 }, (_, index) => ({ id: `c${index}` }));

  it("promises no more than the cases that count can show", () => {
    const drop = (rules: ReturnType<typeof waived>) =>
      planGate({ entries, rules, seed: 1, sequential: false }).metrics[0]?.minimumDetectableDrop ?? 0;
    const left = planGate({ entries: entries.slice(0, 20), rules: [aRule()], seed: 1, sequential: false });
    const out = Array.from({ length: 10 }, (_, index) => ({ case: `c${index}` }));
    expect(drop(waived(...out))).toBe(left.metrics[0]?.minimumDetectableDrop);
    expect(drop(waived(...out))).toBeGreaterThan(drop(waived()));
  });

  it("counts a unit as long as one of its cases counts", () => {
    const plan = { order: ["a", "b", "c"], unitSizes: [2, 1] };
    expect(countedUnits(plan, { waivedCases: ["a"] })).toBe(2);
    expect(countedUnits(plan, { waivedCases: ["a", "b"] })).toBe(1);
    expect(countedUnits(plan, { waivedCases: ["c"] }, 1)).toBe(0);
  });
});
