import type { MetricEvidence } from "../domain/rollout-decision.ts";
import { FULL_WEIGHT } from "../domain/release.ts";
import type { Verdict } from "./build-decision.ts";
import { endPhase, endRollout } from "./end-rollout.ts";
import { recordedExposure } from "./exposure.ts";
import { isGuardrail } from "./judge-metric.ts";
import type { Look } from "./look.ts";
import { span } from "./wording.ts";

/** The first guardrail that proves harm, or null. */
export function proven({ metrics }: Pick<Look, "metrics">): MetricEvidence | null {
  return (
    metrics.find(({ verdict, action, dryRun }) => verdict === "harm" && action === "rollback" && !dryRun) ??
    null
  );
}

/** Proven harm ends a rollout whatever else holds it: paused, frozen or not approved. */
export function harmful(look: Look): Verdict | null {
  const harm = proven(look);
  if (harm === null) return null;
  const { name, reason } = harm;
  return endRollout(look, {
    phase: endPhase(look.state),
    reason: `harm(${name})`,
    message: `${name}: ${reason}`,
    deny: true,
  });
}

/** Units do not arrive as promised: whatever is measured of them may be skewed. Null when that is not so. */
export function skewedShares(look: Look): string | null {
  const { sampleRatio } = look;
  if (sampleRatio === null || !sampleRatio.flagged) return null;
  const { candidate, control, expectedShare } = sampleRatio;
  const share = (100 * candidate) / (candidate + control);
  return `${share.toFixed(2)} % of the units got the candidate, ${(100 * expectedShare).toFixed(2)} % were promised: look for a broken client, bots or lost log lines`;
}

export function skewEnds(look: Look): Verdict | null {
  const message = skewedShares(look);
  if (message === null || look.input.strategy.onSampleRatio !== "rollback") return null;
  return endRollout(look, { phase: endPhase(look.state), reason: "sample_ratio", message, deny: true });
}

/** Exposed and blind for too long: better no candidate than one that nobody watches. */
export function blindTooLong(look: Look): Verdict | null {
  const { state, blindFor, input } = look;
  const weight = recordedExposure(state);
  if (blindFor === null || weight === 0 || state.phase !== "canary") return null;
  const { low, high } = input.strategy.blindLimitMs;
  const limit = weight <= FULL_WEIGHT / 4 ? low : high;
  if (blindFor < limit) return null;
  const message = `no metrics for ${span(blindFor)}, the limit is ${span(limit)}`;
  return endRollout(look, { phase: endPhase(state), reason: "blind", message, deny: true });
}

/** A metric that decides could not be read. */
export function metricsDown(look: Look): Verdict | null {
  const { metrics, data, blindFor } = look;
  const failed = metrics.filter((metric) => isGuardrail(metric) && metric.verdict === "error");
  const [first] = failed;
  if (first === undefined) return null;
  const since = blindFor === null ? "" : ` (for ${span(blindFor)})`;
  const what = data.unreachable === null ? failed.map(({ name }) => name).join(", ") : "the metrics source";
  return {
    event: "held",
    action: "hold",
    reason: "metrics_down",
    message: `${what} could not be read${since}: ${data.unreachable ?? first.reason}`,
    outcome: "failed_closed",
  };
}
