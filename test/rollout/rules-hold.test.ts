import { describe, expect, it } from "vitest";
import type { Observations } from "../../src/domain/metrics.ts";
import { after, look, type Situation } from "./a-look.ts";
import { CANDIDATE, HOUR, STABLE } from "./world.ts";

type Row = readonly [name: string, situation: Situation, expected: Readonly<Record<string, unknown>>];

/** Only some hours of a version were counted. */
function onlyServed(
  { assignments, ...rest }: Observations,
  version: string,
  isKept: (bucket: number) => boolean,
): Observations {
  return {
    ...rest,
    assignments: assignments.filter((one) => one.version !== version || isKept(one.bucket)),
  };
}

describe("too few samples", () => {
  const few: Situation = { traffic: { perHour: 80 } };
  it.each<Row>([
    ["hold at the end of minSoak", few, { reason: "insufficient_sample" }],
    ["say how many there are", few, { message: expect.stringContaining("100 units beside 1900") }],
    [
      "say when it could be decided",
      few,
      { message: expect.stringMatching(/about \d+ more samples decide it, in \d+/) },
    ],
    [
      "call for people at maxSoak",
      { ...few, hours: 48 },
      { notify: true, message: expect.stringMatching(/it ends: extend maxSoak/) },
    ],
    ["wait for people in the time of grace", { ...few, hours: 71 }, { event: "held" }],
    [
      "end the rollout after it",
      { ...few, hours: 72 },
      { event: "rolled-back", reason: "insufficient_sample", to: { weight: 0 } },
    ],
    [
      "hold for good where the config says so",
      { ...few, hours: 60, strategy: { inconclusive: { graceMs: 0, outcome: "hold" } } },
      { event: "held", reason: "insufficient_sample" },
    ],
    [
      "do not end what somebody paused",
      { ...few, hours: 72, state: { pause: { since: after(1), by: "ana", reason: "wait" } } },
      { event: "held", reason: "paused" },
    ],
  ])("%s", (_, situation, expected) => {
    expect(look(situation)).toMatchObject(expected);
  });
});

describe("covered hours", () => {
  it.each([
    ["candidate", CANDIDATE.version],
    ["control", STABLE.version],
  ])("are those in which the %s was served too", (_, version) => {
    const half = (seen: Observations): Observations =>
      onlyServed(seen, version, (at) => (at / HOUR) % 2 === 0);
    const decision = look({ observed: half, strategy: { onSampleRatio: "warn" } });
    expect(decision).toMatchObject({ event: "held", reason: "coverage" });
    expect(decision.state?.coveredBuckets).toBe(13);
  });

  it("are none where one arm was never served", () => {
    const decision = look({
      observed: (seen) => onlyServed(seen, STABLE.version, () => false),
      strategy: { onSampleRatio: "warn" },
    });
    expect(decision).toMatchObject({
      event: "held",
      reason: "no_data(assignments)",
    });
  });

  it("of all canary steps together are as many as the tier asks", () => {
    const last = { step: 3, state: { coveredBeforeMs: 10 * HOUR } };
    expect(look({ ...last, hours: 27 })).toMatchObject({ reason: "soaking" });
    expect(look({ ...last, hours: 41 })).toMatchObject({ event: "advanced", to: { step: "full" } });
  });

  it("wait for the last hour to settle", () => {
    expect(look({ hours: 25 })).toMatchObject({
      reason: "soaking",
      message: expect.stringContaining("not closed"),
    });
  });
});
