import { describe, expect, it } from "vitest";
import { after, look, type Situation } from "./a-look.ts";
import { CANDIDATE } from "./world.ts";

type Row = readonly [name: string, situation: Situation, expected: Readonly<Record<string, unknown>>];

const worse = (version: string): number => (version === CANDIDATE.version ? 0.5 : 0.8);

describe("a source that says nothing", () => {
  const down = { unreachable: "connection refused" };
  it.each<Row>([
    ["holds", down, { event: "held", reason: "metrics_down", outcome: "failed_closed" }],
    ["starts the time of blindness", down, { state: { blindSince: after(27) } }],
    [
      "ends a canary of 5 % after 6 hours",
      { ...down, state: { blindSince: after(21) } },
      { event: "rolled-back", reason: "blind", to: { weight: 0 } },
    ],
    ["does not before", { ...down, state: { blindSince: after(21.1) } }, { reason: "metrics_down" }],
    [
      "ends a canary of 50 % after 2 hours",
      { ...down, step: 3, state: { blindSince: after(25) } },
      { reason: "blind" },
    ],
    [
      "does not before 2 hours",
      { ...down, step: 3, state: { blindSince: after(25.1) } },
      { reason: "metrics_down" },
    ],
    [
      "is an alarm at 100 %, where there is nothing smaller",
      { ...down, step: 4, state: { blindSince: after(1) } },
      { event: "held", reason: "metrics_down", outcome: "failed_closed", notify: true },
    ],
    [
      "ends it while paused too",
      { ...down, state: { blindSince: after(1), pause: { since: after(1), by: "ana", reason: "x" } } },
      { reason: "blind" },
    ],
    [
      "is forgotten when it answers",
      { state: { blindSince: after(1) } },
      { event: "advanced", state: { blindSince: null } },
    ],
    [
      "about one guardrail holds",
      { observed: (seen) => ({ ...seen, errors: [{ metric: "cost", message: "422" }] }) },
      { event: "held", reason: "metrics_down", state: { blindSince: null, verdicts: { cost: "error" } } },
    ],
  ])("%s", (_, situation, expected) => {
    expect(look(situation)).toMatchObject(expected);
  });
});

describe("shares that are not as promised", () => {
  const skewed: Situation = { traffic: { share: () => 0.03 } };
  it.each<Row>([
    ["hold", skewed, { event: "held", reason: "sample_ratio", sampleRatio: { flagged: true } }],
    [
      "end the rollout where the config says so",
      { ...skewed, strategy: { onSampleRatio: "rollback" } },
      { event: "rolled-back", reason: "sample_ratio" },
    ],
    [
      "only show where the config says so",
      { ...skewed, strategy: { onSampleRatio: "warn" } },
      { event: "advanced", sampleRatio: { flagged: true } },
    ],
    ["do not hide harm", { traffic: { share: () => 0.03, quality: worse } }, { reason: "harm(quality)" }],
    ["as promised do not", {}, { sampleRatio: { flagged: false } }],
  ])("%s", (_, situation, expected) => {
    expect(look(situation)).toMatchObject(expected);
  });
});
