import type { CalibrationDemand } from "../domain/calibration.ts";
import type { Problem } from "../domain/problem.ts";
import { TIERS, type Policies, type Tier, type TierPolicy } from "../domain/tier.ts";
import type { WrittenConfig } from "./config-schema.ts";
import { problemAt, type SourceDocument } from "./source-document.ts";

const TWO_DAYS_MS = 48 * 3_600_000;

/** What each tier demands unless the user says otherwise. */
const SHIPPED: Policies = {
  patch: {
    require: ["static", "deterministic"],
    repeat: 1,
    approvals: 0,
    calibration: "advised",
    canaryMinSoakMs: null,
  },
  minor: {
    require: ["static", "deterministic", "judge"],
    repeat: 1,
    approvals: 0,
    calibration: "advised",
    canaryMinSoakMs: TWO_DAYS_MS,
  },
  major: {
    require: ["static", "deterministic", "judge"],
    repeat: 3,
    approvals: 1,
    calibration: "advised",
    canaryMinSoakMs: TWO_DAYS_MS,
  },
};

type WrittenPolicy = NonNullable<WrittenConfig["policies"]["patch"]>;

function merged(shipped: TierPolicy, written: WrittenPolicy | undefined): TierPolicy {
  const { require, repeat, approvals, calibration, canary } = written ?? {};
  return {
    require: require === undefined ? shipped.require : [...new Set(require)],
    repeat: repeat ?? shipped.repeat,
    approvals: approvals ?? shipped.approvals,
    calibration: calibration ?? shipped.calibration,
    canaryMinSoakMs:
      canary === undefined ? shipped.canaryMinSoakMs : canary === false ? null : canary.minSoak,
  };
}

/** The shipped policies with the user's changes. */
export function mergePolicies({ policies }: Pick<WrittenConfig, "policies">): Policies {
  return {
    patch: merged(SHIPPED.patch, policies.patch),
    minor: merged(SHIPPED.minor, policies.minor),
    major: merged(SHIPPED.major, policies.major),
  };
}

const DEMANDS: readonly CalibrationDemand[] = ["off", "advised", "required"];

/** A tier asks as much of judges as the tiers below it that have any. */
function calibrationProblems(document: SourceDocument, policies: Policies): Problem[] {
  const strength = (tier: Tier): number => DEMANDS.indexOf(policies[tier].calibration);
  return TIERS.flatMap((tier, rank) => {
    const lower = TIERS.slice(0, rank).find(
      (other) => policies[other].require.includes("judge") && strength(other) > strength(tier),
    );
    if (lower === undefined) return [];
    const message = `expected calibration: ${policies[lower].calibration}, or more: ${lower}, a lower tier, has it`;
    return [problemAt(document, { path: ["policies", tier, "calibration"] }, message)];
  });
}

/** Static checks cost nothing and are never left out; a higher tier asks for all that a lower one does. */
export function policyProblems(document: SourceDocument, config: WrittenConfig): Problem[] {
  const policies = mergePolicies(config);
  const required = TIERS.flatMap((tier, rank) => {
    const { require } = policies[tier];
    const lower = TIERS.slice(0, rank).flatMap((other) =>
      policies[other].require.map((name) => ({ other, name })),
    );
    const missing = lower.find(({ name }) => !require.includes(name));
    const path = ["policies", tier, "require"];
    if (!require.includes("static")) {
      return [problemAt(document, { path }, "expected static among the required classes: it costs nothing")];
    }
    if (missing === undefined) return [];
    const message = `expected ${missing.name} among the required classes: ${missing.other}, a lower tier, requires it`;
    return [problemAt(document, { path }, message)];
  });
  return [...required, ...calibrationProblems(document, policies)];
}
