import type { RegistryView, RolloutFreeze } from "../../domain/rollout-decision.ts";
import type { RolloutRecord } from "../../domain/rollout-record.ts";
import { readRollout, type ReadRollout } from "../promotion/read-rollout.ts";
import { readRecord } from "./decision-record.ts";
import { freezeInForce } from "./freeze-document.ts";
import type { RolloutScope } from "./scope.ts";

/** What there is to see of one rollout. */
export interface RolloutView {
  readonly prompt: string;
  readonly rollout: ReadRollout;
  readonly registry: RegistryView;
  readonly freeze: RolloutFreeze | null;
  /** Newest first. */
  readonly history: readonly RolloutRecord[];
}

/** Entries that are looked through: two months of hourly looks. */
const LIMIT = 1000;

/** Reads state, traffic, freeze and the decisions of one prompt, newest first. */
export async function readView(scope: RolloutScope, prompt: string): Promise<RolloutView> {
  const { store, registry } = scope.open();
  const rollout = await readRollout(store, prompt);
  const { items } = await store.ledger(prompt, { limit: LIMIT });
  return {
    prompt,
    rollout,
    registry: { labels: await registry.listLabels(prompt), release: await registry.readRelease(prompt) },
    freeze: await freezeInForce(store, scope.context.clock.now()),
    history: items.flatMap((entry) => readRecord(entry) ?? []),
  };
}
