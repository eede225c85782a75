import type { Observations } from "../../domain/metrics.ts";
import type { RolloutMetric, RolloutStrategy } from "../../domain/rollout.ts";
import type { Traffic } from "../../rollout/forecast.ts";

const HOUR_MS = 3_600_000;

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Standard deviation of single samples, or the rate; null where nothing was measured. */
function spreadOf({ name, kind }: RolloutMetric, { observations }: Observations): number | null {
  const samples = observations.flatMap(({ metric, sample }) => (metric === name ? [sample] : []));
  if (kind === "proportion") {
    const counted = samples.flatMap((sample) => (sample.kind === "proportion" ? [sample] : []));
    const n = sum(counted.map((sample) => sample.n));
    return n === 0 ? null : sum(counted.map(({ errors }) => errors)) / n;
  }
  const measured = samples.flatMap((sample) => (sample.kind === "mean" && sample.n > 1 ? [sample] : []));
  const n = sum(measured.map((sample) => sample.n));
  return n === 0 ? null : Math.sqrt(sum(measured.map(({ n: size, variance }) => size * variance)) / n);
}

function sampledOf({ name }: RolloutMetric, observed: Observations, assigned: number): number {
  const n = sum(
    observed.observations.flatMap(({ metric, sample }) =>
      metric === name && sample.kind !== "invalid" ? [sample.n] : [],
    ),
  );
  return assigned === 0 ? 1 : Math.min(1, n / assigned);
}

/** What the traffic of some time amounts to, as a forecast needs it; `hours` without a request count. */
export function measureTraffic(
  { metrics }: Pick<RolloutStrategy, "metrics">,
  observed: Observations,
  scope: { readonly stable: string; readonly from: number; readonly to: number },
): Traffic {
  const ofStable = observed.assignments.filter(({ version }) => version === scope.stable);
  // Who comes back in another hour is not another unit.
  const units = sum(ofStable.map(({ newUnits }) => newUnits));
  const spreads = metrics.flatMap((metric) => {
    const spread = spreadOf(metric, observed);
    return spread === null ? [] : [[metric.name, spread] as const];
  });
  return {
    perHour: units / ((scope.to - scope.from) / HOUR_MS),
    stagingPerHour: null,
    spread: Object.fromEntries(spreads),
    sampled: Object.fromEntries(metrics.map((metric) => [metric.name, sampledOf(metric, observed, units)])),
  };
}
