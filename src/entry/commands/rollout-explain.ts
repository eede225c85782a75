import { GateError } from "../../domain/errors.ts";
import type { RolloutRecord } from "../../domain/rollout-record.ts";
import type { Store } from "../../domain/store.ts";
import { visibleLine } from "../../domain/visible.ts";
import { renderExplanation } from "../../report/rollout-explain.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { readRecord } from "../rollout/decision-record.ts";
import { loadSettingsFrom, openStoreOf } from "../wire.ts";

export interface RolloutExplainOptions extends CommonOptions {
  /** A prompt, or the beginning of a decision's id. */
  readonly subject: string;
  readonly color: boolean;
}

const PAGE = 1000;
const SHORTEST_ID = 6;

async function find(
  store: Store,
  prompt: string | null,
  matches: (record: RolloutRecord) => boolean,
): Promise<RolloutRecord | null> {
  let page = await store.ledger(prompt, { limit: PAGE });
  for (;;) {
    for (const entry of page.items) {
      const record = readRecord(entry);
      if (record !== null && matches(record)) return record;
    }
    if (page.next === null) return null;
    page = await store.ledger(prompt, { limit: PAGE, cursor: page.next });
  }
}

async function recordFor(store: Store, prompts: readonly string[], subject: string): Promise<RolloutRecord> {
  const ofPrompt = await find(store, null, ({ prompt }) => prompt === subject);
  if (ofPrompt !== null) return ofPrompt;
  const isId = new RegExp(`^[0-9a-f]{${SHORTEST_ID},64}$`).test(subject);
  const byId = isId ? await find(store, null, ({ id }) => id.startsWith(subject)) : null;
  if (byId !== null) return byId;
  const isPrompt = prompts.includes(subject);
  throw new GateError(
    "USAGE",
    isPrompt
      ? `nothing was decided about ${subject} yet`
      : `"${visibleLine(subject)}" is neither a prompt nor the id of a decision`,
    { hint: "promptgate rollout list shows the prompts, promptgate history PROMPT the decisions" },
  );
}

/** `rollout explain`: inputs, formula and result of a prompt's last decision, or of the one with this id. */
export async function runRolloutExplain(
  context: CommandContext,
  options: RolloutExplainOptions,
): Promise<ExitCode> {
  const settings = await loadSettingsFrom(context, options);
  const record = await recordFor(openStoreOf(settings, context), settings.prompts, options.subject);
  context.print(
    options.json
      ? JSON.stringify({ schema: "promptgate/explanation@1", decision: record }, null, 2)
      : renderExplanation(record, { color: context.terminal.color && options.color }),
  );
  return 0;
}
