import type { RegistryView } from "../domain/rollout-decision.ts";
import type { DeniedDigest, RolloutState } from "../domain/rollout-state.ts";
import type { RolloutPhase, RolloutVersion } from "../domain/rollout.ts";
import type { Scene, Verdict } from "./build-decision.ts";
import { iso, recordLabels, type ReleaseContent } from "./documents.ts";
import { exposureOf, labelVersion } from "./exposure.ts";

/** The version to go back to: the one before, unless it was itself refused; null = none is left. */
export function rollbackTarget(state: RolloutState): RolloutVersion | null {
  const { stable, knownGood, denied, candidate } = state;
  const refused = new Set(denied.map(({ digest }) => digest));
  refused.add(candidate.digest);
  return [stable, ...knownGood].find(({ digest }) => !refused.has(digest)) ?? null;
}

/** The list with one more refusal of the candidate. */
export function withDenied({ denied, candidate }: RolloutState, at: number, reason: string): DeniedDigest[] {
  const { version, digest } = candidate;
  const times = denied.find((entry) => entry.digest === digest)?.times ?? 0;
  return [
    { version, digest, at: iso(at), reason, times: times + 1 },
    ...denied.filter((entry) => entry.digest !== digest),
  ];
}

/** True when applications get the candidate now, or the state says that they should. */
export function isExposed(state: RolloutState, registry: RegistryView): boolean {
  const production = labelVersion(registry, "production");
  const { version } = state.candidate;
  return exposureOf(registry.release, version, production) > 0 || production === version;
}

interface Lowered {
  readonly content?: ReleaseContent;
  readonly labels: ReturnType<typeof recordLabels>;
  /** True when everybody has the candidate and there is nothing to go back to. */
  readonly stuck: boolean;
}

/**
 * The writes that take the candidate from everybody. Before 100 % the weight alone changes; from there on the former
 * version comes back. A label that somebody moved elsewhere stays where it is.
 */
function lowered(state: RolloutState, registry: RegistryView, to: RolloutVersion | null): Lowered {
  const { candidate } = state;
  const actual = registry.release;
  const production = labelVersion(registry, "production");
  const served = exposureOf(actual, candidate.version, production);
  const elsewhere =
    production !== null && production !== candidate.version && production !== state.stable.version;
  const target = to?.version ?? (elsewhere ? production : (rollbackTarget(state)?.version ?? null));
  const held = actual?.stable === candidate.version || production === candidate.version;
  if (held && target === null) return { labels: [], stuck: true };
  const canary = labelVersion(registry, "canary") === candidate.version;
  const stable = held || to !== null ? target : (actual?.stable ?? target);
  const labels = recordLabels(
    {
      ...(canary && stable !== null ? { canary: stable } : {}),
      ...(stable !== null && (production === candidate.version || to !== null) ? { production: stable } : {}),
    },
    registry,
  );
  if (actual === null && served === 0) return { labels, stuck: false };
  if (served === 0 && (to === null || actual?.stable === to.version)) return { labels, stuck: false };
  if (stable === null) return { labels, stuck: true };
  const tried = actual?.candidate ?? null;
  const content: ReleaseContent = {
    stable,
    candidate:
      tried?.version === candidate.version && stable !== candidate.version ? { ...tried, weight: 0 } : null,
    holdback: null,
  };
  return { content, labels, stuck: false };
}

/** How a rollout ends before its time. */
export interface End {
  readonly phase: Extract<RolloutPhase, "rolled-back" | "aborted" | "superseded">;
  readonly reason: string;
  readonly message: string;
  /** Whether the candidate is refused from now on. */
  readonly deny: boolean;
  readonly to?: RolloutVersion | null;
}

/** Ends the rollout with nobody served the candidate; traffic is lowered before the state is written. */
export function endRollout(scene: Scene, { phase, reason, message, deny, to = null }: End): Verdict {
  const { state, registry, now, by } = scene;
  const { content, labels, stuck } = lowered(state, registry, to);
  if (stuck) {
    const nowhere = `${message}; there is no version to go back to: roll back to one by hand with --to`;
    return {
      event: "held",
      action: "hold",
      reason: "no_rollback_target",
      message: nowhere,
      outcome: "failed_closed",
      notify: true,
    };
  }
  return {
    event: phase,
    action: "rollback",
    reason,
    message,
    ...(content === undefined ? {} : { content }),
    labels,
    order: "traffic-first",
    outcome: phase === "superseded" ? "ok" : "rolled_back",
    changes: {
      phase,
      hold: null,
      pause: null,
      endedAt: iso(now),
      outcome: { reason, message, by },
      ...(deny ? { denied: withDenied(state, now, reason) } : {}),
      ...(content === undefined ? { release: registry.release, previousRelease: registry.release } : {}),
    },
  };
}

/** What the phases before any exposure end in. */
export function endPhase({ phase }: RolloutState): End["phase"] {
  return phase === "queued" || phase === "staging" ? "aborted" : "rolled-back";
}
