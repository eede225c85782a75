import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { planGate, type GatePlan, type PlanInput } from "../../src/gate/plan.ts";
import type { PlanEntry } from "../../src/gate/order.ts";
import { aRule } from "./score-rows.ts";

function entries(size: number, fields: (index: number) => Partial<PlanEntry> = () => ({})): PlanEntry[] {
  return Array.from({ length: size }, (_, index) => ({ id: `c${index}`, ...fields(index) }));
}

function plan(fields: Partial<PlanInput> & Pick<PlanInput, "entries">): GatePlan {
  return planGate({ rules: [aRule()], seed: 1, sequential: true, ...fields });
}

/** What a plan says of a dataset with hardly any noise. */
function quietWarnings(size: number, sequential: boolean): readonly string[] {
  return plan({ entries: entries(size), sigma: { quality: 0.01 }, sequential }).warnings;
}

describe("the order of a plan", () => {
  it("is the same for the same seed, however the entries arrive, and another one for others", () => {
    const forward = entries(50, (index) => ({ group: `g${index % 9}`, stratum: `s${index % 2}` }));
    const first = plan({ entries: forward });
    expect(plan({ entries: [...forward].reverse() }).order).toEqual(first.order);
    expect(plan({ entries: forward, seed: 2 }).order).not.toEqual(first.order);
  });

  it("holds every case once and keeps clusters together", () => {
    const group = fc.option(fc.constantFrom("g1", "g2", "g3", "g4"), { nil: undefined });
    fc.assert(
      fc.property(fc.array(group, { maxLength: 60 }), fc.integer(), (groups, seed) => {
        const given = groups.map((name, index) => (name === undefined ? {} : { group: name, index }));
        const cases = entries(groups.length, (index) => given[index] ?? {});
        const { order, unitSizes } = plan({ entries: cases, seed });
        expect([...order].sort()).toEqual(cases.map(({ id }) => id).sort());
        const groupOf = new Map(cases.map(({ id, group }) => [id, group ?? `alone ${id}`]));
        let start = 0;
        for (const size of unitSizes) {
          const unit = order.slice(start, start + size);
          expect(new Set(unit.map((id) => groupOf.get(id))).size).toBe(1);
          start += size;
        }
        expect(start).toBe(order.length);
        expect(unitSizes).toHaveLength(new Set(groupOf.values()).size);
      }),
    );
  });

  it("holds every stratum in its share at every point", () => {
    const { order } = plan({
      entries: entries(1_000, (index) => ({ stratum: index < 100 ? "rare" : "common" })),
    });
    for (const end of [100, 250, 500, 900]) {
      const rare = order.slice(0, end).filter((id) => Number(id.slice(1)) < 100).length;
      expect(Math.abs(rare - end / 10)).toBeLessThanOrEqual(1);
    }
  });

  it("does not confuse a case with a group of the same name", () => {
    const { unitSizes } = plan({ entries: [{ id: "a" }, { id: "b", group: "a" }, { id: "c", group: "a" }] });
    expect([...unitSizes].sort((left, right) => left - right)).toEqual([1, 2]);
  });
});

describe("the looks of a plan", () => {
  it("end where the metric that needs most can be decided", () => {
    const rules = [aRule({ name: "a" }), aRule({ name: "b" }), aRule({ name: "c", level: "warn" })];
    const sigma = { a: 0.1, b: 0.2179, c: 0.5 };
    const { looks } = plan({ entries: entries(800), rules, sigma });
    expect(looks.at(-1)).toEqual({ units: 231, cases: 231 });
    expect(looks[0]).toEqual({ units: 20, cases: 20 });
  });

  it("count cases and clusters", () => {
    const { looks, clustered } = plan({ entries: entries(120, (index) => ({ group: `g${index % 30}` })) });
    expect(clustered).toBe(true);
    expect(looks).toEqual([
      { units: 20, cases: 80 },
      { units: 30, cases: 120 },
    ]);
  });

  it("are one at the end when nothing may stop early", () => {
    expect(plan({ entries: entries(300), sequential: false }).looks).toEqual([{ units: 300, cases: 300 }]);
  });

  it("are at nothing for an empty dataset", () => {
    expect(plan({ entries: [] }).looks).toEqual([{ units: 0, cases: 0 }]);
  });

  it("are planned for 100,000 cases", () => {
    const { order, looks } = plan({ entries: entries(100_000) });
    expect(order).toHaveLength(100_000);
    expect(looks.at(-1)?.units).toBeLessThan(400);
  });
});

describe("what a plan promises", () => {
  it("is computed from the noise of earlier runs, else from what is usual", () => {
    const rules = [
      aRule({ name: "check", kind: "check" }),
      aRule({ name: "judge" }),
      aRule({ name: "known" }),
    ];
    const { metrics } = plan({ entries: entries(200), rules, sigma: { known: 0.3 } });
    expect(metrics.map(({ name, sigma }) => [name, sigma])).toEqual([
      ["check", 0.4],
      ["judge", 0.25],
      ["known", 0.3],
    ]);
    expect(metrics[2]).toMatchObject({
      floorCases: 59,
      minimumDetectableDrop: expect.closeTo(0.052746, 6) as number,
    });
    expect(metrics[2]?.requiredCases).toBe(390);
  });

  it("is an increase for cost-like metrics", () => {
    const rules = [aRule({ name: "cost", kind: "cost", margin: null, maxIncrease: 0.1 })];
    const { metrics } = plan({ entries: entries(400), rules, sigma: { cost: 0.1 } });
    expect(metrics[0]?.minimumDetectableDrop).toBeCloseTo(4 ** 0.012432 - 1, 4);
  });

  it("warns of a dataset on which even an unchanged candidate cannot pass", () => {
    expect(quietWarnings(58, false)).toEqual([
      "quality: 58 cases cannot certify a drop below 5 points: even an unchanged candidate cannot pass; about 59 are needed",
    ]);
    expect(quietWarnings(59, false)).toEqual([]);
    // Early looks spend a part of the error, so the last one needs a little more.
    expect(quietWarnings(60, true)[0]).toMatch(
      /even an unchanged candidate cannot pass; about 7\d are needed/,
    );
    expect(quietWarnings(80, true)).toEqual([]);
  });

  it("warns of noise that the margin is too small for", () => {
    const { warnings } = plan({ entries: entries(200), sigma: { quality: 0.4 } });
    expect(warnings).toEqual([
      'quality: 200 cases show a drop of 7 points or more (80 % power), the tolerated one is 5 points: expect "inconclusive" often; about 693 are needed',
    ]);
  });

  it("warns of fewer than 20 units", () => {
    expect(plan({ entries: entries(19) }).warnings[0]).toBe("19 cases are too few: fewer than 20 never pass");
    expect(plan({ entries: entries(100, (index) => ({ group: `g${index % 5}` })) }).warnings[0]).toBe(
      "5 clusters are too few: fewer than 20 never pass",
    );
  });

  it("says nothing of metrics that are off", () => {
    expect(plan({ entries: entries(30), rules: [aRule({ level: "off" })] }).warnings).toEqual([]);
  });
});
