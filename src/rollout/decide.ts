import type { Decision, DecideInput } from "../domain/rollout-decision.ts";
import { isActive, type RolloutState } from "../domain/rollout-state.ts";
import { goOn } from "./advance-step.ts";
import { buildDecision, holdOf, unchanged, type Verdict } from "./build-decision.ts";
import { lookAt, remembered, type Look } from "./look.ts";
import { startQueued, supersededByQueue } from "./queue.ts";
import {
  clockBehind,
  closedNow,
  dependent,
  groupTaken,
  longGap,
  loweredBefore,
  paused,
  soaking,
  timeIsUp,
  unapproved,
  unproven,
} from "./rules-hold.ts";
import { blindTooLong, harmful, metricsDown, skewEnds } from "./rules-metrics.ts";
import { absorbLowering, agreed, completedByHand, drifted, finishWrite, putBack } from "./rules-registry.ts";

type Rule = (look: Look) => Verdict | null;

/** What cannot be read holds the rollout until its step has used up its time. */
const unread: Rule = (look) => (timeIsUp(look) ? null : metricsDown(look));

/** What the registry says comes first, then the clock, then harm, and only then what merely holds. */
const RULES: readonly Rule[] = [
  completedByHand,
  absorbLowering,
  clockBehind,
  harmful,
  finishWrite,
  putBack,
  supersededByQueue,
  skewEnds,
  blindTooLong,
  drifted,
  longGap,
  paused,
  loweredBefore,
  unread,
];

/** For a rollout that waits for its turn. */
const QUEUED: readonly Rule[] = [groupTaken, dependent];

/** For one in a step: time, what is proven, people, calendar, other prompts. */
const IN_STEP: readonly Rule[] = [soaking, unproven, unapproved, closedNow, groupTaken];

function rulesOf({ state }: Look): readonly Rule[] {
  if (state.phase !== "queued") return [...RULES, ...IN_STEP];
  const exposes = (state.strategy.steps[0]?.weight ?? 0) > 0;
  return [...RULES, ...QUEUED, ...(exposes ? [closedNow] : [])];
}

function firstOf(look: Look, rules: readonly Rule[]): Verdict | null {
  for (const rule of rules) {
    const verdict = rule(look);
    if (verdict !== null) return verdict;
  }
  return null;
}

/** A hold stands in the state; what is no longer adrift is forgotten. */
function settled(look: Look, verdict: Verdict): Partial<RolloutState> {
  const { state } = look;
  const isHold = verdict.action === "hold" && verdict.event === "held";
  return {
    ...remembered(look),
    ...(verdict.content === undefined ? agreed(look) : {}),
    driftSince: verdict.reason === "drift" ? state.driftSince : null,
    ...(isHold ? { hold: holdOf(state.hold, verdict.reason, look, verdict.until ?? null) } : {}),
    ...verdict.changes,
  };
}

/** What is left when a rollout has ended: a last write that was cut off, then whoever waits. */
function afterwards(look: Look): Decision {
  const { state } = look;
  const cutOff = state.phase === "completed" ? finishWrite(look) : null;
  const next = cutOff?.event === "repaired" ? cutOff : startQueued(look);
  return next === null
    ? unchanged(look, state.phase, state.outcome?.message ?? `the rollout is ${state.phase}`)
    : buildDecision(look, next);
}

/**
 * One look at a rollout: what follows from its state, the registry, the metrics and the time. Pure: the same input gives
 * the same decision, and nothing is written here. Exposure rises by one step at most, and only when every rule lets it.
 */
export function decide(input: DecideInput): Decision {
  const look = lookAt(input);
  const { state } = look;
  if (!isActive(state.phase)) return afterwards(look);
  const verdict =
    firstOf(look, rulesOf(look)) ?? goOn({ ...look, state: { ...state, coveredBuckets: look.covered } });
  return buildDecision(look, { ...verdict, changes: settled(look, verdict) });
}
