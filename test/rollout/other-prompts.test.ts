import { describe, expect, it } from "vitest";
import type { DecideInput } from "../../src/domain/rollout-decision.ts";
import { after, look } from "./a-look.ts";
import { aStrategy } from "./world.ts";

type Row = readonly [
  name: string,
  input: Pick<DecideInput, "others">,
  expected: Readonly<Record<string, unknown>>,
];

describe("other prompts", () => {
  const other = { prompt: "intent", phase: "canary", mutexGroup: "app", exposedAt: after(-5) } as const;
  it.each<Row>([
    ["of the group that is live keeps it queued", { others: [other] }, { reason: "mutex" }],
    [
      "of the group that is staged keeps it queued",
      { others: [{ ...other, phase: "staging" }] },
      { reason: "mutex" },
    ],
    [
      "of the group that is baking keeps it queued",
      { others: [{ ...other, phase: "baking" }] },
      { reason: "mutex" },
    ],
    [
      "of the group that is completed does not",
      { others: [{ ...other, phase: "completed" }] },
      { event: "staged" },
    ],
    ["of another group does not", { others: [{ ...other, mutexGroup: "shop" }] }, { event: "staged" }],
  ])("one %s", (_, input, expected) => {
    expect(look({ step: null, hours: 1, input: input })).toMatchObject(expected);
  });

  it.each<Row>([
    ["canary", { others: [{ ...other, mutexGroup: null }] }, { reason: "depends_on" }],
    [
      "rolled-back",
      { others: [{ ...other, mutexGroup: null, phase: "rolled-back" }] },
      { reason: "depends_on" },
    ],
    ["completed", { others: [{ ...other, mutexGroup: null, phase: "completed" }] }, { event: "staged" }],
    ["without a rollout", { others: [] }, { event: "staged" }],
  ])("waits for one that it depends on: %s", (_, input, expected) => {
    const strategy = { dependsOn: ["intent"] };
    const situation = { step: null, hours: 1, strategy, input: input };
    expect(look(situation)).toMatchObject(expected);
  });

  it("exposes only one of two that are both staged", () => {
    const decision = look({ step: 0, hours: 27, input: { others: [other] }, state: { exposedAt: null } });
    expect(decision).toMatchObject({ event: "held", reason: "mutex" });
  });

  it("does not expose a rollout without staging while nothing may rise", () => {
    const steps = aStrategy().steps.slice(1);
    const freeze = { by: "ana", reason: "sale", since: after(0), until: null };
    expect(look({ step: null, hours: 1, strategy: { steps }, input: { freeze } })).toMatchObject({
      event: "held",
      reason: "freeze",
    });
  });
});
