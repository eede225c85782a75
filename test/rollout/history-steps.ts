import { fc } from "../properties.ts";
import type { RolloutCommand } from "../../src/domain/rollout-decision.ts";
import { CANDIDATE, HOUR, STABLE } from "./world.ts";

/** What may happen to a rollout: looks that crash or race, people, and a source that fails. */
export type Step =
  | { readonly kind: "tick"; readonly hours: number; readonly crashAfter: number; readonly skew: number }
  | { readonly kind: "two"; readonly order: readonly boolean[] }
  | { readonly kind: "edit"; readonly weight: number }
  | { readonly kind: "label"; readonly version: string }
  | {
      readonly kind: "world";
      readonly quality: number;
      readonly source: "fine" | "down" | "silent";
      readonly freeze: boolean;
    }
  | {
      readonly kind: "command";
      readonly command: RolloutCommand["kind"];
    };

const tick = fc.record({
  kind: fc.constant("tick" as const),
  hours: fc.constantFrom(1, 1, 1, 1, 2, 5, 30),
  crashAfter: fc.constantFrom(9, 9, 9, 9, 0, 1, 2, 3),
  skew: fc.constantFrom(0, 0, 0, 0, 0, -6 * HOUR, 6 * HOUR),
});

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: tick },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("two" as const),
      order: fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("edit" as const),
      weight: fc.constantFrom(0, 1000, 5000, 20_000, 50_000, 90_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("label" as const),
      version: fc.constantFrom(STABLE.version, CANDIDATE.version, "9.9.9"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("world" as const),
      quality: fc.constantFrom(0.8, 0.8, 0.8, 0.79, 0.7),
      source: fc.constantFrom(
        "fine" as const,
        "fine" as const,
        "fine" as const,
        "down" as const,
        "silent" as const,
      ),
      freeze: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      command: fc.constantFrom(
        "pause" as const,
        "resume" as const,
        "resume" as const,
        "abort" as const,
        "rollback" as const,
        "retry" as const,
        "start" as const,
        "adopt" as const,
        "skip-step" as const,
      ),
    }),
  },
);

export const histories = fc.array(steps, { minLength: 20, maxLength: 90 });
