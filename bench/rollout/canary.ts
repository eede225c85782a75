import type { CommandInput, RegistryView } from "../../src/domain/rollout-decision.ts";
import type { RolloutState } from "../../src/domain/rollout-state.ts";
import { nextRelease, stepContent } from "../../src/rollout/documents.ts";
import { currentStep } from "../../src/rollout/exposure.ts";
import { runCommand } from "../../src/rollout/run-command.ts";
import { START } from "./draws.ts";

const digest = (letter: string): `sha256:${string}` => `sha256:${letter.repeat(64)}`;
const since = new Date(START).toISOString();
const labels = [{ name: "production", version: "1.0.0", since, by: "bench" }];

/** The state of a rollout in its step of 5 %, entered at the start. */
export function canaryState(strategy: CommandInput["strategy"]): RolloutState {
  const started = runCommand({
    prompt: "desk",
    state: null,
    strategy,
    registry: { labels, release: null },
    others: [],
    freeze: null,
    clock: { now: START, store: null },
    by: "bench",
    reason: "bench",
    command: {
      kind: "start",
      candidate: { version: "1.1.0", digest: digest("b"), tier: "minor", minCanaryMs: null },
      stable: { version: "1.0.0", digest: digest("a") },
      supersede: false,
    },
  });
  if (started.kind === "refused" || started.decision.state === null)
    throw new Error("the rollout did not start");
  const state: RolloutState = { ...started.decision.state, phase: "canary", step: 1, exposedAt: since };
  const content = stepContent(state, currentStep(state));
  const release = content === null ? null : nextRelease("desk", content, null, START);
  return { ...state, release, previousRelease: release };
}

/** The registry as that state expects it. */
export function registryOf({ release }: RolloutState): RegistryView {
  return { labels, release };
}
