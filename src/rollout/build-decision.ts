import { createHash } from "node:crypto";
import { canonicalJson } from "../domain/digest.ts";
import type { LedgerEntry } from "../domain/ledger.ts";
import type {
  Decision,
  MetricEvidence,
  RegistryView,
  RolloutEvent,
  SampleRatioEvidence,
} from "../domain/rollout-decision.ts";
import type { RecordedLabel, RolloutHold, RolloutState } from "../domain/rollout-state.ts";
import { visibleLine } from "../domain/visible.ts";
import { iso, labelMoves, nextRelease, releaseWrite, type ReleaseContent } from "./documents.ts";
import { currentStep, recordedExposure } from "./exposure.ts";

/** Where a decision comes from. */
export interface Scene {
  readonly state: RolloutState;
  readonly registry: RegistryView;
  /** Never before the state's last change. */
  readonly now: number;
  readonly by: string;
  readonly metrics: readonly MetricEvidence[];
  readonly sampleRatio: SampleRatioEvidence | null;
  readonly warnings: readonly string[];
}

/** What was decided, before it is put into documents. */
export interface Verdict {
  readonly event: RolloutEvent;
  readonly action: Decision["action"];
  readonly reason: string;
  readonly message: string;
  readonly changes?: Partial<RolloutState>;
  /** What applications are served from now on. */
  readonly content?: ReleaseContent;
  readonly labels?: readonly RecordedLabel[];
  readonly order?: Decision["order"];
  readonly outcome?: Decision["outcome"];
  readonly notify?: boolean;
  /** Of a hold: when it ends by itself, milliseconds since 1970; null = not known. */
  readonly until?: number | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Equal for the same decision however often it is made. */
function decisionId({ rolloutId, attempt, generation, step }: RolloutState, event: RolloutEvent): string {
  const parts = { rolloutId, attempt, step, generation, event };
  return createHash("sha256").update(canonicalJson(parts)).digest("hex");
}

function place(state: RolloutState): Decision["from"] {
  const { phase } = state;
  return { phase, step: currentStep(state).name, weight: recordedExposure(state) };
}

function entryOf(scene: Scene, verdict: Verdict, id: string, to: Decision["to"]): LedgerEntry {
  const { state, now, by, metrics, sampleRatio } = scene;
  return {
    schema: "promptgate/ledger-entry@1",
    id,
    prompt: state.prompt,
    kind: verdict.event,
    at: iso(now),
    by,
    reason: visibleLine(verdict.message, 1000),
    version: state.candidate.version,
    digest: state.candidate.digest,
    details: {
      rolloutId: state.rolloutId,
      generation: state.generation,
      word: verdict.reason,
      action: verdict.action,
      from: place(state),
      to,
      metrics,
      sampleRatio,
      ...verdict.details,
    },
  };
}

/** The hold as it goes on: one reason has one beginning. */
export function holdOf(
  previous: RolloutHold | null,
  reason: string,
  scene: Pick<Scene, "now" | "by">,
  until: number | null,
): RolloutHold {
  const since = previous?.reason === reason ? previous.since : iso(scene.now);
  return { reason, since, until: until === null ? null : iso(until), by: scene.by };
}

/** A verdict as a decision: the next state, the writes in their order, the entries. */
export function buildDecision(scene: Scene, verdict: Verdict): Decision {
  const { state, registry, now, by } = scene;
  const { event, action, reason, content, labels = [], order = "state-first" } = verdict;
  const message = visibleLine(verdict.message, 1000);
  const id = decisionId(state, event);
  const why = { by, reason: message };
  const actual = registry.release;
  const document = content === undefined ? null : nextRelease(state.prompt, content, actual, now);
  const recorded = {
    ...(document === null ? {} : { release: document, previousRelease: actual }),
    ...(labels.length === 0 ? {} : { labels }),
  };
  const next: RolloutState = {
    ...state,
    ...verdict.changes,
    // What is written is what is recorded, also where an attempt begins anew.
    ...recorded,
    generation: state.generation + 1,
    lastTickAt: iso(now),
    updatedAt: iso(now),
  };
  const to = place(next);
  const entry = entryOf(scene, verdict, id, to);
  const isHold = event === "held";
  return {
    id,
    prompt: state.prompt,
    rolloutId: state.rolloutId,
    at: iso(now),
    action,
    event,
    reason,
    message,
    warnings: scene.warnings,
    from: place(state),
    to,
    state: { ...next, lastEntry: isHold ? null : entry },
    release: document === null ? null : releaseWrite(document, actual, why),
    labels: labelMoves(state.prompt, labels, why),
    order,
    // What a crash may have cut off comes first; a ledger keeps an entry that it has.
    entries: [...(state.lastEntry === null ? [] : [state.lastEntry]), entry],
    notify: verdict.notify ?? (!isHold || state.hold?.reason !== reason),
    metrics: scene.metrics,
    sampleRatio: scene.sampleRatio,
    outcome: verdict.outcome ?? "ok",
  };
}

/** Nothing to do and nothing to write. */
export function unchanged(scene: Scene, reason: string, message: string): Decision {
  const { state, now } = scene;
  return {
    id: decisionId(state, "unchanged"),
    prompt: state.prompt,
    rolloutId: state.rolloutId,
    at: iso(now),
    action: "none",
    event: "unchanged",
    reason,
    message: visibleLine(message, 1000),
    warnings: scene.warnings,
    from: place(state),
    to: place(state),
    state: null,
    release: null,
    labels: [],
    order: "state-first",
    entries: state.lastEntry === null ? [] : [state.lastEntry],
    notify: false,
    metrics: scene.metrics,
    sampleRatio: scene.sampleRatio,
    outcome: "ok",
  };
}
