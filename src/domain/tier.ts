import type { CalibrationDemand } from "./calibration.ts";
import type { CheckClass } from "./case.ts";

/** Risk class of a change, lowest first. */
export const TIERS = ["patch", "minor", "major"] as const;
export type Tier = (typeof TIERS)[number];

/** One difference between two versions and the tier that it asks for. */
export interface ChangeFinding {
  readonly tier: Tier;
  /** Where, e.g. `messages[0]`, `modelParameters.temperature`, `variables`. */
  readonly path: string;
  /** A sentence for a person, e.g. `variable {{order_id}} was added`. Holds prompt text: escape before printing. */
  readonly message: string;
}

/** The higher of two tiers. */
export function higherTier(left: Tier, right: Tier): Tier {
  return TIERS.indexOf(left) >= TIERS.indexOf(right) ? left : right;
}

/** What a tier demands before a version may go on. */
export interface TierPolicy {
  readonly require: readonly CheckClass[];
  /** Samples of each case; averaged per case before the comparison. */
  readonly repeat: number;
  /** Human approvals before production exposure. */
  readonly approvals: number;
  /** What becomes of a judged metric whose judge was not held against human labels, or did badly. */
  readonly calibration: CalibrationDemand;
  /** Soak time in milliseconds; null = no canary. */
  readonly canaryMinSoakMs: number | null;
}

export type Policies = Readonly<Record<Tier, TierPolicy>>;
