import { describe, expect, it } from "vitest";
import { look, type Situation } from "./a-look.ts";
import { aMetric, aStrategy, CANDIDATE, STABLE } from "./world.ts";

type Row = readonly [name: string, situation: Situation, expected: Readonly<Record<string, unknown>>];

const shipped = aStrategy();

describe("limits where there is no control", () => {
  const limited = (fields: Parameters<typeof aMetric>[0], weight: number): Situation => ({
    step: weight === 0 ? 0 : 4,
    strategy: {
      steps: shipped.steps.map((step) => ({ ...step, holdback: 0 })),
      metrics: [aMetric(fields)],
    },
  });
  it.each<Row>([
    [
      "let a candidate within them leave staging",
      limited({ min: 0.7 }, 0),
      { event: "advanced", to: { weight: 5000 } },
    ],
    ["let it complete without a holdback", limited({ min: 0.7, max: 0.9 }, 1), { event: "completed" }],
    [
      "are not shown by a mean that is only just within",
      limited({ min: 0.795 }, 0),
      { reason: "inconclusive(quality)" },
    ],
    [
      "hold what is short of samples",
      {
        ...limited({ min: 0.7 }, 0),
        strategy: {
          steps: shipped.steps.map((step) => ({ ...step, minSample: 5000 })),
          metrics: [aMetric({ min: 0.7 })],
        },
      },
      { reason: "insufficient_sample" },
    ],
    [
      "end a rollout below the minimum before anybody was served",
      limited({ min: 0.9 }, 0),
      { event: "aborted", reason: "harm(quality)" },
    ],
    [
      "end a rollout above the maximum in the bake, and give the former version back",
      limited({ max: 0.7 }, 1),
      {
        event: "rolled-back",
        reason: "harm(quality)",
        release: { document: { stable: STABLE.version } },
        labels: [{ label: "production", to: STABLE.version, expected: CANDIDATE.version }],
      },
    ],
    [
      "of another metric are enough where one has none",
      limited({}, 0),
      { event: "advanced", metrics: [{ verdict: "unlimited" }] },
    ],
  ])("%s", (_, situation, expected) => {
    expect(look(situation)).toMatchObject(expected);
  });
});
