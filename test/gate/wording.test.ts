import { describe, expect, it } from "vitest";
import type { ScoreRow } from "../../src/domain/scores.ts";
import {
  aRule,
  decideOnce,
  measureRows,
  scored,
  scoreRows,
  steady,
  times,
  type Decided,
} from "./score-rows.ts";

const wide = scored(400, (index) => (index % 10) / 10);

/** A little lower in every seventh case that has room for it. */
const slightlyLower = scored(400, (index) => Math.max(0, (index % 10) / 10 - (index % 7 === 0 ? 0.1 : 0)));

function passFail(size: number, fails: (index: number) => boolean): ScoreRow[] {
  return scored(size, (index) => (fails(index) ? 0 : 1));
}

describe("the words of a decision", () => {
  it.each<[string, () => Decided, string]>([
    [
      "a pass",
      () => decideOnce({ baseline: steady, candidate: steady }),
      "Pass. On 200 of 200 cases the candidate scored 0.80, the baseline 0.80 (difference 0 points). A drop of 5 points or more is ruled out (95 % sure). 0 got better, 0 got worse.",
    ],
    [
      "a pass that is a little lower",
      () => decideOnce({ baseline: wide, candidate: slightlyLower }, aRule({ alphaBlock: 0.0001 })),
      "Pass, within tolerance. On 400 of 400 cases the candidate scored 0.437, the baseline 0.45 (difference -1.3 points). A drop of 5 points or more is ruled out (95 % sure), a small drop is not. 0 got better, 52 got worse.",
    ],
    [
      "a pass of several metrics",
      () => {
        const rows = scoreRows(times(200, 0.8), "a", "b");
        return decideOnce({ baseline: rows, candidate: rows }, aRule({ name: "a" }), aRule({ name: "b" }));
      },
      "Pass. On 200 cases all 2 deciding metrics hold: a 0 points, b 0 points.",
    ],
    [
      "a failure",
      () =>
        decideOnce({
          baseline: passFail(200, () => false),
          candidate: passFail(200, (index) => index % 5 === 0),
        }),
      "Fail on quality (1.00 -> 0.80): worse than the baseline by 20 points (95 % interval -25.1 to -15.7) after 200 of 200 cases. If the two were equal, a result like this would be seen in fewer than 1 of 20 gates.",
    ],
    [
      "a missed minimum",
      () => decideOnce({ baseline: null, candidate: steady }, aRule({ min: 0.9 })),
      "Fail on quality: the minimum of 0.90 is missed: the mean is 0.80, between 0.789 and 0.803 (on 200 cases). If nothing had failed in truth, a result like this would be seen in fewer than 1 of 20 gates.",
    ],
    [
      "no verdict",
      () =>
        decideOnce({
          baseline: passFail(50, (i) => i % 5 === 0),
          candidate: passFail(50, (i) => i % 6 === 0),
        }),
      "Not decided, so not advanced. quality: difference +2 points, but on 50 cases anything from -11.4 to +15.4 is possible: a 5-point drop cannot be ruled out; to decide: about 1100 cases at this noise level, or a margin of 23 points.",
    ],
    [
      "an open limit on a cost",
      () => {
        const base = times(100, 0.002).map((value, index) => value * (1 + (index % 7) / 10));
        const more = base.map((value, index) => value * (1.05 + (index % 3) / 20));
        const rule = aRule({ name: "cost", kind: "cost", margin: null, maxIncrease: 0.1 });
        return decideOnce(
          { baseline: measureRows(base, "cost"), candidate: measureRows(more, "cost") },
          rule,
        );
      },
      "Not decided, so not advanced. cost: 9.9 % more than baseline (95 % interval +5.6 % to +13.7 %) on 100 cases: neither more nor less than 10 % is certain.",
    ],
  ])("for %s", (_, decide, headline) => {
    expect(decide().headline).toBe(headline);
  });
});
