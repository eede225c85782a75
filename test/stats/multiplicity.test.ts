import { describe, expect, it } from "vitest";
import { benjaminiHochbergAdjusted, holmAdjusted } from "../../src/stats/multiplicity.ts";
import { vectors } from "./vectors.ts";

describe("adjusted p-values", () => {
  it.each([
    ["Holm", holmAdjusted, vectors.holm_bh.holm, 1],
    ["Benjamini-Hochberg", benjaminiHochbergAdjusted, vectors.holm_bh.bh, 2],
  ])("give the vector of %s in any order", (_, adjust, expected, rejected) => {
    const found = adjust(vectors.holm_bh.p);
    for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 6);
    expect(found.filter((p) => p <= 0.05)).toHaveLength(rejected);
    expect(adjust([...vectors.holm_bh.p].reverse())).toEqual([...found].reverse());
  });
});
