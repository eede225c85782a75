import { describe, expect, it } from "vitest";
import { findDrift } from "../../src/gate/drift.ts";
import { seededRandom } from "../../src/stats/random.ts";

function answers(differences: readonly number[], name = "quality") {
  return { name, kind: "answers" as const, differences };
}

describe("drift of stored scores", () => {
  it("is no finding where nothing moved", () => {
    expect(findDrift([answers(Array.from({ length: 24 }, () => 0))], 0.01)).toEqual([]);
  });

  it("is found where every score moved by the same", () => {
    const [finding] = findDrift([answers(Array.from({ length: 24 }, () => -0.2))], 0.01);
    expect(finding).toMatchObject({ metric: "quality", kind: "answers", cases: 24, p: 0 });
    expect(finding?.difference).toBeCloseTo(-0.2, 12);
  });

  it("needs eight pairs", () => {
    const seven = Array.from({ length: 7 }, () => -0.5);
    expect(findDrift([answers(seven)], 0.01)).toEqual([]);
    expect(findDrift([answers([...seven, -0.5])], 0.01)).toHaveLength(1);
  });

  it("is found in both directions", () => {
    const up = Array.from({ length: 30 }, (_, index) => 0.3 + (index % 3) * 0.1);
    expect(
      findDrift(
        [
          answers(up),
          answers(
            up.map((value) => -value),
            "other",
          ),
        ],
        0.01,
      ),
    ).toHaveLength(2);
  });

  it("shares the level among the metrics that are tested", () => {
    // t = 3.2 with 23 degrees: p = 0.004 two-sided.
    const deviation = 0.3;
    const d = Array.from({ length: 24 }, (_, index) => (index % 2 === 0 ? deviation : -deviation) + 0.2);
    expect(findDrift([answers(d)], 0.01)).toHaveLength(1);
    const quiet = Array.from({ length: 9 }, (_, index) =>
      answers(
        d.map((value) => value - 0.2),
        `m${index}`,
      ),
    );
    expect(findDrift([answers(d), ...quiet], 0.01)).toEqual([]);
  });

  it("is found by chance in about 1 of 100 unchanged checks", () => {
    const random = seededRandom(11);
    const runs = 4000;
    let found = 0;
    for (let run = 0; run < runs; run += 1) {
      const metrics = ["a", "b"].map((name) =>
        answers(
          Array.from({ length: 24 }, () => random() - random() + random() - random()),
          name,
        ),
      );
      found += findDrift(metrics, 0.01).length > 0 ? 1 : 0;
    }
    // Two standard errors above 1 %.
    expect(found / runs).toBeLessThanOrEqual(0.01 + 2 * Math.sqrt((0.01 * 0.99) / runs));
    expect(found).toBeGreaterThan(0);
  });
});
