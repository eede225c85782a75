import { loadRollouts, type RolloutSettings, type Setting } from "../../config/load-rollouts.ts";
import type { MetricsSource } from "../../domain/metrics.ts";
import type { Registry } from "../../domain/registry.ts";
import type { Store } from "../../domain/store.ts";
import { openMetrics } from "../../metrics/index.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { faultOf } from "../promotion/rollback-steps.ts";
import { openRegistryOf, openStoreOf } from "../wire.ts";

/** Where the state of rollouts is kept and where traffic is set. */
export interface RolloutPlaces {
  readonly registry: Registry;
  readonly store: Store;
}

/** What the commands of a rollout work with. */
export interface RolloutScope {
  readonly context: Pick<CommandContext, "clock" | "log" | "signal">;
  readonly settings: Pick<RolloutSettings, "strategies" | "notify">;
  /** Opened anew for each look: what others wrote meanwhile is seen. */
  open(): RolloutPlaces;
  /** Unusable: nothing can be measured, which is no reason not to look. */
  readonly metrics: Setting<MetricsSource>;
}

function openSource(settings: RolloutSettings): Setting<MetricsSource> {
  const { metrics, root } = settings;
  if (metrics.kind === "unusable") return metrics;
  try {
    return { kind: "value", value: openMetrics(metrics.value, root) };
  } catch (error) {
    return { kind: "unusable", reason: faultOf(error) };
  }
}

/** Reads the part of the config that rollouts need. Throws `CONFIG_INVALID`. */
export async function openRollouts(
  context: CommandContext,
  { config }: Pick<CommonOptions, "config">,
): Promise<RolloutScope & { readonly settings: RolloutSettings }> {
  const { cwd: directory, environment } = context;
  const settings = await loadRollouts({ directory, configPath: config, environment });
  return {
    context,
    settings,
    open: () => ({ registry: openRegistryOf(settings, context), store: openStoreOf(settings, context) }),
    metrics: openSource(settings),
  };
}
