import { GateError } from "../../domain/errors.ts";
import type {
  ObservedMetrics,
  OtherRollout,
  RegistryView,
  RolloutFreeze,
} from "../../domain/rollout-decision.ts";
import type { RolloutState } from "../../domain/rollout-state.ts";
import type { RolloutStrategy } from "../../domain/rollout.ts";
import { rolloutKey, type Store } from "../../domain/store.ts";
import { observationRequest } from "../../rollout/step-data.ts";
import { readRollout } from "../promotion/read-rollout.ts";
import { faultOf } from "../promotion/rollback-steps.ts";
import { freezeInForce } from "./freeze-document.ts";
import type { RolloutPlaces, RolloutScope } from "./scope.ts";

const PREFIX = rolloutKey("");

/** The prompts that have, or had, a rollout. */
export async function rolloutPrompts(store: Store): Promise<string[]> {
  return (await store.keys(PREFIX)).map((key) => key.slice(PREFIX.length));
}

/** A rollout that nobody can read may be anywhere: it takes its group and is not completed. */
const UNREADABLE = { phase: "canary", exposedAt: "1970-01-01T00:00:00.000Z" } as const;

async function otherRollouts(
  { settings: { strategies } }: RolloutScope,
  store: Store,
  prompt: string,
  own: RolloutStrategy,
): Promise<OtherRollout[]> {
  const others: OtherRollout[] = [];
  for (const other of await rolloutPrompts(store)) {
    if (other === prompt) continue;
    const read = await readRollout(store, other);
    if (read.kind === "none") continue;
    const state = read.kind === "state" ? read.state : null;
    const strategy = strategies.get(other) ?? state?.strategy;
    const mutexGroup = strategy === undefined ? own.mutexGroup : strategy.mutexGroup;
    const { phase, exposedAt } = state ?? UNREADABLE;
    others.push({ prompt: other, phase, exposedAt, mutexGroup });
  }
  return others;
}

/** What a look and a command see beside the state. */
export interface RolloutScene {
  readonly strategy: RolloutStrategy;
  readonly registry: RegistryView;
  readonly others: readonly OtherRollout[];
  readonly freeze: RolloutFreeze | null;
  readonly clock: { readonly now: number; readonly store: null };
}

/** A prompt that the config no longer has goes on under the strategy that it was started with. */
export function presentStrategy(
  { settings }: RolloutScope,
  prompt: string,
  state: RolloutState | null,
): RolloutStrategy {
  const strategy = settings.strategies.get(prompt) ?? state?.strategy;
  if (strategy !== undefined) return strategy;
  throw new GateError("USAGE", `the config has no prompt ${prompt}`, {
    hint: "add it to `prompts`, or correct the name",
  });
}

/** Reads labels, traffic, the other rollouts and the freeze. Throws what registry and store throw. */
export async function readScene(
  scope: RolloutScope,
  { registry, store }: RolloutPlaces,
  prompt: string,
  state: RolloutState | null,
): Promise<RolloutScene> {
  const now = scope.context.clock.now();
  const strategy = presentStrategy(scope, prompt, state);
  return {
    strategy,
    registry: { labels: await registry.listLabels(prompt), release: await registry.readRelease(prompt) },
    others: await otherRollouts(scope, store, prompt, strategy),
    freeze: await freezeInForce(store, now),
    clock: { now, store: null },
  };
}

/** What the source answers; that it does not is an answer too. Throws only when the user interrupts. */
export async function observeRollout(
  { metrics, context }: RolloutScope,
  state: RolloutState,
  now: number,
): Promise<ObservedMetrics> {
  const request = observationRequest(state, now);
  if (request === null) return { kind: "not_needed" };
  if (metrics.kind === "unusable") return { kind: "unreachable", message: metrics.reason };
  try {
    return { kind: "observed", observations: await metrics.value.observe(request, context.signal) };
  } catch (error) {
    if (context.signal.aborted) throw error;
    return { kind: "unreachable", message: faultOf(error) };
  }
}
