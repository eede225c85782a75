import { describe, expect, it } from "vitest";
import { repeatsThatPay } from "../../src/gate/repeats.ts";
import { aRule } from "./score-rows.ts";

function plan(cases: number, sigma: Readonly<Record<string, number>>) {
  const entries = Array.from({ length: cases }, (_, index) => ({ id: `c${index}` }));
  return { entries, rules: [aRule({ margin: 0.05 })], sigma, seed: 1, sequential: true };
}

// Required cases for margin 0.05: ((1.645 + 1.645) sigma / 0.05)^2, so 0.3 needs 390 and 0.2 needs 173.
describe("how often the candidate answers", () => {
  it.each([
    { title: "the dataset is large enough", cases: 500, sigma: 0.3, within: 0.08, repeats: 1 },
    { title: "cases differ more than answers to one case", cases: 300, sigma: 0.3, within: 0.02, repeats: 1 },
    { title: "two answers are enough", cases: 300, sigma: 0.3, within: 0.08, repeats: 2 },
    { title: "three answers are enough", cases: 180, sigma: 0.3, within: 0.085, repeats: 3 },
    { title: "not even three are enough", cases: 60, sigma: 0.3, within: 0.08, repeats: 1 },
  ])("is $repeats where $title", ({ cases, sigma, within, repeats }) => {
    const input = { plan: plan(cases, { quality: sigma }), repeat: 1, within: { quality: within } };
    expect(repeatsThatPay(input)).toBe(repeats);
  });

  it("stays as the policy asks where noise was never measured", () => {
    expect(repeatsThatPay({ plan: plan(60, {}), repeat: 1, within: { quality: 0.08 } })).toBe(1);
    expect(repeatsThatPay({ plan: plan(300, { quality: 0.3 }), repeat: 3, within: {} })).toBe(3);
  });
});
