import type { SampleRatioEvidence } from "../domain/rollout-decision.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import { sampleRatioEvidence } from "../stats/sample-ratio.ts";
import { hasControl, promisedShare, settledFrom, type StepData } from "./step-data.ts";

/** Whether units arrive in the promised shares; null where there is one arm alone, or nobody was counted yet. */
export function checkSampleRatio(state: RolloutState, data: StepData): SampleRatioEvidence | null {
  if (!hasControl(state)) return null;
  const share = promisedShare(state);
  if (share <= 0 || share >= 1) return null;
  // Requests of one unit are alike: as many as the design effect says count for one.
  const effect = data.perRequest
    ? Math.max(...state.strategy.metrics.map(({ designEffect }) => designEffect))
    : 1;
  const since = settledFrom(state);
  const counted = data.assigned.filter(({ bucket }) => bucket >= since);
  const candidate = counted.reduce((sum, bucket) => sum + bucket.candidate.fresh, 0) / effect;
  const control = counted.reduce((sum, bucket) => sum + bucket.control.fresh, 0) / effect;
  if (candidate + control === 0) return null;
  const value = sampleRatioEvidence(candidate, control, share);
  const threshold = 1 / state.strategy.alpha.srm;
  return { candidate, control, expectedShare: share, value, threshold, flagged: value >= threshold };
}
