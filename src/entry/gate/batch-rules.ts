import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { takesBatches } from "../../models/index.ts";
import { askedModels } from "./asked-models.ts";
import type { GateScope, Preparation } from "./prepare.ts";

/** Flags of the command line that a batch goes with or not. */
export interface BatchFlags {
  readonly batch?: boolean | undefined;
  readonly record?: string | undefined;
  readonly replay?: string | undefined;
  readonly shard?: string | undefined;
}

/** Throws `USAGE` for flags that exclude each other. */
export function checkBatchFlags({ batch, record, replay, shard }: BatchFlags): void {
  if (batch !== true) return;
  const reasons: readonly (readonly [string, string | undefined, string])[] = [
    ["--record", record, "a recording keeps live calls with their latency, which a batch does not measure"],
    ["--replay", replay, "a replay calls no model"],
    ["--shard", shard, "a batch is split by the provider's limits, and shards would submit and wait apart"],
  ];
  for (const [flag, value, reason] of reasons) {
    if (value !== undefined)
      throw new GateError("USAGE", `--batch and ${flag} exclude each other: ${reason}`);
  }
}

/** Throws `CONFIG_INVALID` where a batch could never give what the gate needs. */
export function checkBatchable(scope: GateScope, preparation: Preparation): void {
  const shown = visibleLine(scope.prompt.name, 60);
  const asked = askedModels(scope, preparation).map(({ settings }) => settings.provider);
  if (!asked.some(takesBatches)) {
    const providers = [...new Set(asked)].join(", ");
    throw new GateError(
      "CONFIG_INVALID",
      asked.length === 0
        ? `--batch: the gate of ${shown} calls no model, so that there is nothing to submit`
        : `--batch: the models of ${shown} answer at once (provider ${visibleLine(providers, 60)}) and take no batches`,
      { hint: "gate without --batch" },
    );
  }
  const latency = preparation.rules.find(({ kind, level }) => kind === "latency" && level === "error");
  if (latency !== undefined) {
    throw new GateError(
      "CONFIG_INVALID",
      `--batch: ${shown} has a gate on latency, which a batch does not measure`,
      { hint: "set level: warn for gates.latency, or gate without --batch" },
    );
  }
}
