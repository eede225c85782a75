import { GateError } from "../../domain/errors.ts";
import { visible } from "../../domain/visible.ts";
import { renderPlan } from "../../report/rollout-plan.ts";
import { forecast, type Traffic } from "../../rollout/forecast.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { faultOf } from "../promotion/rollback-steps.ts";
import { measureTraffic } from "../rollout/measure-traffic.ts";
import { presentStrategy } from "../rollout/read-scene.ts";
import { openRollouts, type RolloutScope } from "../rollout/scope.ts";

export interface RolloutPlanOptions extends CommonOptions {
  readonly prompt: string;
  /** Units an hour. */
  readonly traffic?: number | undefined;
}

const WATCHED_MS = 7 * 86_400_000;

async function recentTraffic(scope: RolloutScope, prompt: string): Promise<Traffic> {
  const { registry } = scope.open();
  const production = await registry.readVersion(prompt, { kind: "label", label: "production" });
  if (production === null) {
    throw new GateError(
      "BASELINE_MISSING",
      `${prompt} has nothing in production whose traffic could be seen`,
      {
        hint: "pass --traffic N for units an hour",
      },
    );
  }
  if (scope.metrics.kind === "unusable") throw new GateError("METRICS_FAILED", scope.metrics.reason);
  const strategy = presentStrategy(scope, prompt, null);
  const { bucketMs, metrics } = strategy;
  const to = Math.floor(scope.context.clock.now() / bucketMs) * bucketMs;
  const from = to - WATCHED_MS;
  const stable = production.version;
  const observed = await scope.metrics.value.observe(
    { prompt, versions: [stable], metrics, from, to, bucketMs },
    scope.context.signal,
  );
  // A log that began yesterday says nothing of the days before.
  const first = Math.min(to - bucketMs, ...observed.assignments.map(({ bucket }) => bucket));
  return measureTraffic(strategy, observed, { stable, from: first, to });
}

async function trafficOf(scope: RolloutScope, { prompt, traffic }: RolloutPlanOptions): Promise<Traffic> {
  if (traffic === undefined) return recentTraffic(scope, prompt);
  try {
    return { ...(await recentTraffic(scope, prompt)), perHour: traffic };
  } catch (error) {
    if (scope.context.signal.aborted) throw error;
    scope.context.log.warn(`how much the metrics vary is not known: ${faultOf(error)}`);
    return { perHour: traffic, stagingPerHour: null, spread: {}, sampled: {} };
  }
}

/** `rollout plan`: how long each step will take at the present traffic, and where it cannot decide. */
export async function runRolloutPlan(
  context: CommandContext,
  options: RolloutPlanOptions,
): Promise<ExitCode> {
  const scope = await openRollouts(context, options);
  const strategy = presentStrategy(scope, options.prompt, null);
  const traffic = await trafficOf(scope, options);
  const planned = forecast(strategy, traffic);
  const { prompt } = options;
  context.print(
    options.json
      ? JSON.stringify({ schema: "promptgate/rollout-plan@1", prompt, traffic, ...planned }, null, 2)
      : visible(renderPlan(prompt, traffic.perHour, planned)),
  );
  return 0;
}
