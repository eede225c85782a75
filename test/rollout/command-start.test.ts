import { describe, expect, it } from "vitest";
import type { CommandInput } from "../../src/domain/rollout-decision.ts";
import type { RolloutState } from "../../src/domain/rollout-state.ts";
import { after, decided, NEXT, order, registryOf, start, stateIn, withProduction } from "./a-look.ts";
import { aStrategy, CANDIDATE, STABLE } from "./world.ts";

const next = { ...start, candidate: { ...CANDIDATE, version: NEXT.version, digest: NEXT.digest } };
const denied = [
  { version: CANDIDATE.version, digest: CANDIDATE.digest, at: after(0), reason: "harm(quality)", times: 1 },
];

describe("a start", () => {
  it("exposes nobody", () => {
    expect(decided(order(null, start))).toMatchObject({
      event: "queued",
      release: null,
      labels: [],
      state: {
        phase: "queued",
        attempt: 1,
        generation: 1,
        candidate: { version: CANDIDATE.version, by: "ana" },
      },
    });
  });

  it.each<[string, RolloutState | null, Partial<CommandInput>, string]>([
    [
      "of a version that was rolled back",
      stateIn(1, { phase: "rolled-back", endedAt: after(1), denied, release: null }),
      {},
      "2.4.0 was rolled back at 2026-11-16T00:00:00.000Z (harm(quality))",
    ],
    [
      "of a version that was rolled back under another number",
      stateIn(1, { phase: "rolled-back", endedAt: after(1), denied, release: null }),
      { command: { ...start, candidate: { ...CANDIDATE, version: "2.4.1" } } },
      "2.4.1 was rolled back at 2026-11-16T00:00:00.000Z (harm(quality))",
    ],
    [
      "beside a version that production does not have",
      null,
      { registry: withProduction({ labels: [], release: null }, "9.9.9") },
      "production is at 9.9.9, not at 2.3.1",
    ],
    [
      "beside nothing",
      null,
      { registry: { labels: [], release: null } },
      "production is at nothing, not at 2.3.1",
    ],
    [
      "of what production has",
      null,
      { command: { ...start, candidate: { ...CANDIDATE, digest: STABLE.digest } } },
      "2.4.0 is what production has",
    ],
    [
      "while applications are served another version",
      null,
      {
        registry: {
          labels: registryOf(stateIn(1)).labels,
          release: {
            schema: "promptgate/release@1",
            prompt: "desk",
            stable: "2.2.0",
            candidate: null,
            holdback: null,
            generation: 3,
            updatedAt: after(0),
          },
        },
      },
      "applications are served 2.2.0, production is at 2.3.1",
    ],
    [
      "beside a live one where the config says so",
      stateIn(1),
      { command: next, strategy: aStrategy({ onNewCandidate: "reject" }) },
      "2.4.0 is being rolled out",
    ],
  ])("is refused %s", (_, state, fields, message) => {
    expect(order(state, start, fields)).toMatchObject({ kind: "refused", message });
  });

  it("replaces the one that waits", () => {
    const queued = { ...NEXT, version: "2.4.9" };
    expect(decided(order(stateIn(1, { queued }), next))).toMatchObject({
      event: "replaced-in-queue",
      release: null,
      state: { phase: "canary", queued: { version: NEXT.version } },
    });
  });

  it.each([
    ["asked for", { ...next, supersede: true }, aStrategy()],
    ["configured", next, aStrategy({ onNewCandidate: "supersede" })],
  ])("takes the place of a live one where that is %s: its weight goes to 0 first", (_, command, strategy) => {
    expect(decided(order(stateIn(2), command, { strategy }))).toMatchObject({
      event: "superseded",
      order: "traffic-first",
      release: { document: { stable: STABLE.version, candidate: { weight: 0 } } },
      state: { phase: "superseded", denied: [], queued: { version: NEXT.version } },
    });
  });
});
