import { describe, expect, it } from "vitest";
import { after, look, NEXT, type Situation } from "./a-look.ts";
import { CANDIDATE, STABLE } from "./world.ts";

type Row = readonly [name: string, situation: Situation, expected: Readonly<Record<string, unknown>>];

const worse = (version: string): number => (version === CANDIDATE.version ? 0.5 : 0.8);

describe("everybody", () => {
  it.each<Row>([
    [
      "has a candidate that is as good as the holdback: completed",
      { step: 4 },
      {
        event: "completed",
        release: { document: { stable: CANDIDATE.version, holdback: null } },
        state: { knownGood: [{ version: CANDIDATE.version }, { version: STABLE.version }] },
      },
    ],
    [
      "loses one that is worse than the holdback",
      { step: 4, traffic: { quality: worse } },
      {
        event: "rolled-back",
        release: { document: { stable: STABLE.version, candidate: null, holdback: null } },
      },
    ],
    [
      "keeps one that is worse when there is nothing to go back to",
      {
        step: 4,
        traffic: { quality: worse },
        state: { denied: [{ ...STABLE, at: after(-9), reason: "harm", times: 1 }] },
      },
      { event: "held", reason: "no_rollback_target", outcome: "failed_closed", notify: true, release: null },
    ],
    [
      "gets the version before it where the last one was refused too",
      {
        step: 4,
        traffic: { quality: worse },
        state: {
          denied: [{ ...STABLE, at: after(-9), reason: "harm", times: 1 }],
          knownGood: [{ version: "2.2.0", digest: NEXT.digest }],
        },
      },
      { event: "rolled-back", release: { document: { stable: "2.2.0" } } },
    ],
    [
      "gets it with 5 % held back",
      { step: 3, hours: 51 },
      {
        event: "advanced",
        to: { phase: "baking", weight: 95_000 },
        release: {
          document: {
            stable: CANDIDATE.version,
            candidate: null,
            holdback: { version: STABLE.version, weight: 5000 },
          },
        },
        labels: [
          { label: "rollback", to: STABLE.version },
          { label: "canary" },
          { label: "production", to: CANDIDATE.version },
        ],
      },
    ],
  ])("%s", (_, situation, expected) => {
    expect(look(situation)).toMatchObject(expected);
  });
});
