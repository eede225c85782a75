import { jsonDigest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { LedgerEntry } from "../../domain/ledger.ts";
import type { LabelMove, PromptVersion, Registry } from "../../domain/registry.ts";
import type { Store } from "../../domain/store.ts";
import { visibleLine } from "../../domain/visible.ts";
import { lowerTraffic } from "./apply-release.ts";
import { ROLLBACK_REASON } from "./rollback-target.ts";

type MovedLabel = "production" | "rollback" | "canary";

/** One write of a rollback. A failed one does not undo those before it; `remedy` says what to do about it. */
export type RollbackStep = {
  readonly step: "traffic" | `label ${MovedLabel}` | "rollout state" | "ledger";
  readonly text: string;
} & (
  | { readonly kind: "done" }
  /** It was so already. */
  | { readonly kind: "unchanged" }
  /** Left as it is on purpose: not there, or not to be read. */
  | { readonly kind: "left" }
  | { readonly kind: "failed"; readonly remedy: string }
);

export interface RollbackOrder {
  readonly registry: Registry;
  /** Null when it cannot be opened; `storeFault` says why. */
  readonly store: Store | null;
  readonly storeFault: string | null;
  readonly prompt: string;
  readonly to: PromptVersion;
  /** What is taken back; null when only half a rollback was left to finish. */
  readonly from: string | null;
  readonly by: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

const AGAIN = "run the same command again: what is done stays done";

/** What went wrong, in one line. Bugs are no reason to stop half way either. */
export function faultOf(error: unknown): string {
  if (error instanceof GateError) return visibleLine(`${error.code}: ${error.message}`, 400);
  return visibleLine(error instanceof Error ? error.message : String(error), 400);
}

async function attempt(step: RollbackStep["step"], work: () => Promise<RollbackStep>): Promise<RollbackStep> {
  try {
    return await work();
  } catch (error) {
    return { step, kind: "failed", text: faultOf(error), remedy: AGAIN };
  }
}

const ATTEMPTS = 50;

/** Moves a label wherever it is; each lost race is another writer's success. */
async function moveAnyhow(order: RollbackOrder, label: string): Promise<LabelMove | null> {
  const { registry, prompt, to, by, reason } = order;
  for (let count = 1; ; count++) {
    const labels = await registry.listLabels(prompt);
    const expected = labels.find(({ name }) => name === label)?.version ?? null;
    if (expected === to.version) return null;
    try {
      return await registry.moveLabel({
        prompt,
        label,
        to: to.version,
        expected,
        by,
        reason: `${ROLLBACK_REASON}${reason}`,
      });
    } catch (error) {
      const isRace = error instanceof GateError && error.code === "REGISTRY_CONFLICT";
      if (!isRace || count === ATTEMPTS) throw error;
    }
  }
}

function labelStep(order: RollbackOrder, label: MovedLabel): Promise<RollbackStep> {
  const step = `label ${label}` as const;
  return attempt(step, async () => {
    const move = await moveAnyhow(order, label);
    const { version } = order.to;
    if (move === null) return { step, kind: "unchanged", text: `at ${version} already` };
    const text = move.from === null ? `new at ${version}` : `${move.from} -> ${version}`;
    return { step, kind: "done", text };
  });
}

/** The label `canary` says where the version under test is: not with people any more. */
async function canarySteps(order: RollbackOrder): Promise<RollbackStep[]> {
  const labels = await order.registry.listLabels(order.prompt).catch(() => []);
  const canary = labels.find(({ name }) => name === "canary");
  const isTakenBack = canary !== undefined && canary.version === order.from;
  return isTakenBack ? [await labelStep(order, "canary")] : [];
}

/** The one write that takes people off a version. Without a release document the label `production` is that write. */
async function trafficStep(order: RollbackOrder): Promise<RollbackStep> {
  const { to } = order;
  return attempt("traffic", async () => {
    const lowered = await lowerTraffic(
      { ...order, reason: `${ROLLBACK_REASON}${order.reason}` },
      (document) => ({
        stable: to.version,
        candidate: document.candidate && { ...document.candidate, weight: 0 },
        holdback: null,
      }),
    );
    if (lowered === null) {
      const text = "no release document: applications follow the label production";
      return { step: "traffic", kind: "left", text };
    }
    const { before, wrote } = lowered;
    if (!wrote) return { step: "traffic", kind: "unchanged", text: `everybody has ${to.version} already` };
    const weight = before.candidate?.weight ?? 0;
    const canary = weight > 0 ? `, ${weight / 1000} % on ${before.candidate?.version ?? ""}` : "";
    const text = `everybody has ${to.version} again (before: ${before.stable}${canary})`;
    return { step: "traffic", kind: "done", text };
  });
}

/** Equal for every repetition of one rollback: it names the places that it left behind, not the moment. */
async function entryId({ registry, prompt, to }: RollbackOrder): Promise<string> {
  const release = await registry.readRelease(prompt).catch(() => null);
  const moves = await registry.history(prompt, { limit: 1000 }).catch(() => null);
  const last = moves?.items.find(({ label }) => label === "production");
  const place = { generation: release?.generation ?? null, move: last?.sequence ?? null };
  return jsonDigest({ kind: "rolled-back", prompt, to: to.version, ...place }).slice("sha256:".length);
}

async function ledgerStep(order: RollbackOrder, steps: readonly RollbackStep[]): Promise<RollbackStep> {
  const { store, storeFault, prompt, to, from, by, reason, at } = order;
  const remedy =
    "run the same command again when the store answers: it finds the rest done and adds the entry";
  if (store === null) return { step: "ledger", kind: "failed", text: storeFault ?? "not open", remedy };
  const written = await attempt("ledger", async () => {
    const entry: LedgerEntry = {
      schema: "promptgate/ledger-entry@1",
      id: await entryId(order),
      prompt,
      kind: "rolled-back",
      at,
      by,
      reason,
      version: from,
      digest: null,
      details: { to: to.version, toDigest: to.digest, steps },
    };
    await store.append(entry);
    return { step: "ledger", kind: "done", text: "rolled-back" };
  });
  return written.kind === "failed" ? { ...written, remedy } : written;
}

/**
 * Traffic first, then what records it. No step waits for a lock, and none keeps the next from being tried. `endRollout`
 * writes the end of the rollout into the store; `tell` hears of each step at once.
 */
export async function rollBack(
  order: RollbackOrder,
  endRollout: (order: RollbackOrder) => Promise<RollbackStep>,
  tell: (step: RollbackStep) => void,
): Promise<readonly RollbackStep[]> {
  const steps: RollbackStep[] = [];
  const keep = (step: RollbackStep): void => {
    steps.push(step);
    tell(step);
  };
  keep(await trafficStep(order));
  keep(await labelStep(order, "production"));
  keep(await labelStep(order, "rollback"));
  for (const step of await canarySteps(order)) keep(step);
  keep(await attempt("rollout state", () => endRollout(order)));
  keep(await ledgerStep(order, [...steps]));
  return steps;
}
