import type { CommandInput, RolloutCommand } from "../domain/rollout-decision.ts";
import { isActive, type RolloutCandidate, type RolloutState } from "../domain/rollout-state.ts";
import type { Verdict } from "./build-decision.ts";
import { refuse, type CommandScene, type Refusal } from "./command-scene.ts";
import { iso } from "./documents.ts";
import { endRollout } from "./end-rollout.ts";
import { labelVersion } from "./exposure.ts";
import { queuedState } from "./queue.ts";

type Start = Extract<RolloutCommand, { kind: "start" }>;

interface Started {
  readonly scene: CommandScene;
  readonly result: Verdict | Refusal;
}

/** Why this version cannot be started at all, or null. */
function refuseStart(
  { registry, state, prompt }: CommandInput,
  { candidate, stable }: Start,
): Refusal | null {
  const production = labelVersion(registry, "production");
  if (production !== stable.version) {
    return refuse(`production is at ${production ?? "nothing"}, not at ${stable.version}`, "look again");
  }
  if (candidate.digest === stable.digest || candidate.version === stable.version) {
    return refuse(`${candidate.version} is what production has`, "publish another version");
  }
  if (registry.release !== null && registry.release.stable !== stable.version && !isLive(state)) {
    return refuse(
      `applications are served ${registry.release.stable}, production is at ${stable.version}`,
      `bring both together with promptgate rollback ${prompt} --to ${stable.version}`,
    );
  }
  const denied = state?.denied.find(({ digest }) => digest === candidate.digest);
  if (denied !== undefined) {
    return refuse(
      `${candidate.version} was rolled back at ${denied.at} (${denied.reason})`,
      `change it, or give it another attempt with promptgate rollout retry ${prompt}`,
    );
  }
  return null;
}

function isLive(state: RolloutState | null): state is RolloutState {
  return state !== null && isActive(state.phase);
}

/** A version asks to be rolled out while another one is live. */
function besideLive(scene: CommandScene, next: RolloutCandidate, supersede: boolean): Verdict | Refusal {
  const { state, strategy, by, reason } = scene;
  const live = state.candidate;
  if (next.digest === live.digest) {
    return refuse(`${next.version} is being rolled out already`, "see promptgate rollout get");
  }
  if (supersede || strategy.onNewCandidate === "supersede") {
    const message = `${next.version} takes the place of ${live.version}, asked for by ${by}: ${reason}`;
    const ended = endRollout(scene, { phase: "superseded", reason: "superseded", message, deny: false });
    if (ended.event === "held") return refuse(ended.message, "roll back first");
    return { ...ended, changes: { ...ended.changes, queued: next } };
  }
  if (strategy.onNewCandidate === "reject") {
    return refuse(`${live.version} is being rolled out`, "wait for its end, or pass --supersede");
  }
  const replaced = state.queued;
  return {
    event: replaced === null ? "queued" : "replaced-in-queue",
    action: "hold",
    reason: "queued",
    message: `${next.version} waits for ${live.version}${replaced === null ? "" : `; it replaces ${replaced.version}`}`,
    details: { queued: next, replaced },
    changes: { queued: next },
  };
}

/** Begins a rollout, or puts it in the queue. */
export function start(input: CommandInput, command: Start): Started {
  const { prompt, state, strategy, registry, clock, by, reason, freeze } = input;
  const now = Math.max(clock.store ?? clock.now, state === null ? 0 : Date.parse(state.updatedAt));
  const candidate: RolloutCandidate = { ...command.candidate, requestedAt: iso(now), by, reason };
  const { stable } = command;
  const fresh = queuedState(candidate, { prompt, previous: state, stable, strategy, registry, now });
  const shared = {
    registry,
    now,
    by,
    reason,
    strategy,
    freeze,
    metrics: [],
    sampleRatio: null,
    warnings: [],
  };
  const scene: CommandScene = { ...shared, state: isLive(state) ? state : fresh };
  const refused = refuseStart(input, command);
  if (refused !== null) return { scene, result: refused };
  if (isLive(state)) return { scene, result: besideLive(scene, candidate, command.supersede) };
  const result: Verdict = {
    event: "queued",
    action: "hold",
    reason: "started",
    message: `${candidate.version} is next, beside ${stable.version}, asked for by ${by}: ${reason}`,
  };
  return { scene, result };
}
