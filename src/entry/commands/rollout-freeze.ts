import { GateError } from "../../domain/errors.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { authorOf } from "../registry/author.ts";
import { writeFreeze } from "../rollout/freeze-document.ts";
import { parseTime } from "../rollout/parse-time.ts";
import { loadSettingsFrom, openStoreOf } from "../wire.ts";

export interface RolloutFreezeOptions extends CommonOptions {
  readonly frozen: boolean;
  readonly reason?: string | undefined;
  readonly until?: string | undefined;
}

function endOf(until: string | undefined, now: number): string | null {
  if (until === undefined) return null;
  const end = parseTime(until, "--until");
  if (end > now) return new Date(end).toISOString();
  throw new GateError("USAGE", `--until ${visibleLine(until, 60)} is over`, { hint: "name a later time" });
}

/** `rollout freeze` and `rollout unfreeze`: for the whole project; what lowers exposure never asks. */
export async function runRolloutFreeze(
  context: CommandContext,
  options: RolloutFreezeOptions,
): Promise<ExitCode> {
  const settings = await loadSettingsFrom(context, options);
  const now = context.clock.now();
  const by = await authorOf(context, undefined);
  const reason = visibleLine(options.reason ?? "", 1000);
  if (options.frozen && reason === "") {
    throw new GateError("USAGE", "a freeze needs a reason", { hint: '--reason "what it waits for"' });
  }
  const since = new Date(now).toISOString();
  const freeze = options.frozen ? { by, reason, since, until: endOf(options.until, now) } : null;
  await writeFreeze(openStoreOf(settings, context), freeze);
  if (options.json) {
    context.print(JSON.stringify({ schema: "promptgate/rollout-freeze@1", freeze, by }, null, 2));
    return 0;
  }
  const end = `until ${freeze?.until ?? "promptgate rollout unfreeze"}`;
  context.print(
    visible(
      freeze === null
        ? "exposure may rise again"
        : `nothing is raised ${end}: ${reason}\nharm still ends a rollout, and promptgate rollback works`,
    ),
  );
  return 0;
}
