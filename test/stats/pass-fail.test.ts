import { describe, expect, it } from "vitest";
import { normalUpperTail } from "../../src/stats/normal.ts";
import { mcnemarExact, tangoInterval, tangoScore } from "../../src/stats/pass-fail.ts";
import { vectors } from "./vectors.ts";

describe("pass/fail pairs", () => {
  it("give the vector of the exact McNemar test", () => {
    const { wins, losses, p_one, p_two, mid_p_one, z } = vectors.mcnemar_exact;
    const test = mcnemarExact({ wins, losses });
    expect(test.pOneSided).toBeCloseTo(p_one, 6);
    expect(test.pTwoSided).toBeCloseTo(p_two, 6);
    expect(test.midP).toBeCloseTo(mid_p_one, 6);
    expect(test.z).toBeCloseTo(z, 6);
  });

  it("have a p of 1 when nothing changed or both sides won alike", () => {
    expect(mcnemarExact({ wins: 0, losses: 0 }).pTwoSided).toBe(1);
    expect(mcnemarExact({ wins: 4, losses: 4 }).pTwoSided).toBe(1);
  });

  it("have a p also where factorials overflow", () => {
    const { pTwoSided } = mcnemarExact({ wins: 20_000, losses: 20_400 });
    expect(pTwoSided).toBeCloseTo(0.047, 2);
  });

  it("give the vectors of Tango's score", () => {
    const { wins, losses, n, margin, p_win_null, z, p_value } = vectors.tango_ni;
    const score = tangoScore({ wins, losses, size: n }, margin);
    expect(score.winRate).toBeCloseTo(p_win_null, 6);
    expect(score.z).toBeCloseTo(z, 6);
    expect(normalUpperTail(score.z)).toBeCloseTo(p_value, 6);
  });

  it("give the vector without a single discordant pair", () => {
    const { n, margin, z } = vectors.tango_ni_no_discordant;
    expect(tangoScore({ wins: 0, losses: 0, size: n }, margin).z).toBeCloseTo(z, 6);
  });

  it("give the vector of Tango's interval", () => {
    const { wins, losses, n, ci } = vectors.tango_ci95;
    const [low, high] = tangoInterval({ wins, losses, size: n }, 1.959963984540054);
    expect(low).toBeCloseTo(ci[0] as number, 6);
    expect(high).toBeCloseTo(ci[1] as number, 6);
  });
});
