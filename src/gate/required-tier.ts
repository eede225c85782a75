import type { Digest } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import { higherTier, type ChangeFinding, type Tier } from "../domain/tier.ts";
import { compareVersions, parseVersion } from "../domain/version.ts";

interface Identity {
  readonly version: string;
  readonly digest: Digest;
}

export interface TierInput {
  /** Null when there is nothing to compare with. */
  readonly baseline: Identity | null;
  readonly candidate: Identity;
  readonly findings: readonly ChangeFinding[];
  /** What `--tier` asks for; null = decide from the change. */
  readonly override: Tier | null;
}

export interface TierDecision {
  /** What the version numbers say; null without a baseline or when the number is not higher. */
  readonly declared: Tier | null;
  /** What the change asks for; null when nothing changed or there is no baseline. */
  readonly required: Tier | null;
  /** The tier whose policy counts: the highest of declared, required and asked for. */
  readonly applied: Tier;
  readonly findings: readonly ChangeFinding[];
  /** A sentence, when the version number breaks the policy; null when it does not. */
  readonly violation: string | null;
}

/** The highest tier of the findings; null when there are none. */
export function requiredTier(findings: readonly ChangeFinding[]): Tier | null {
  return findings.reduce<Tier | null>(
    (highest, { tier }) => (highest === null ? tier : higherTier(highest, tier)),
    null,
  );
}

/** Which part of the version number went up; null when the candidate's is not higher. */
export function declaredTier(baseline: string, candidate: string): Tier | null {
  if (compareVersions(candidate, baseline) <= 0) return null;
  const [old, fresh] = [parseVersion(baseline), parseVersion(candidate)];
  if (old?.[0] !== fresh?.[0]) return "major";
  return old?.[1] === fresh?.[1] ? "patch" : "minor";
}

function lowestVersion(baseline: string, tier: Tier): string {
  const [major, minor, patch] = parseVersion(baseline) ?? [0, 0, 0];
  switch (tier) {
    case "major":
      return `${major + 1}.0.0`;
    case "minor":
      return `${major}.${minor + 1}.0`;
    case "patch":
      return `${major}.${minor}.${patch + 1}`;
  }
}

function versionViolation(
  baseline: Identity,
  candidate: Identity,
  findings: readonly ChangeFinding[],
): string | null {
  if (baseline.digest === candidate.digest) return null;
  // Other content without a finding cannot come from the comparison: whoever left it out gets the strictest answer.
  const required = requiredTier(findings) ?? "major";
  const declared = declaredTier(baseline.version, candidate.version);
  if (declared !== null && higherTier(declared, required) === declared) return null;
  const deciding = findings.find(({ tier }) => tier === required)?.message ?? "the content differs";
  const change = `${baseline.version} -> ${candidate.version}`;
  const said =
    declared === null ? `${change} is no higher version` : `${change} declares a ${declared} change`;
  const remedy = `bump the version: ${baseline.version} -> at least ${lowestVersion(baseline.version, required)}`;
  return `${said}, but this is a ${required} one (${deciding}); ${remedy}`;
}

/**
 * The tier whose policy a candidate must meet. Without a baseline everything is new, which is major. Throws `USAGE` when
 * `override` asks for less than the change or the version number does: it may raise the tier, never lower it.
 */
export function decideTier({ baseline, candidate, findings, override }: TierInput): TierDecision {
  const declared = baseline === null ? null : declaredTier(baseline.version, candidate.version);
  const required = baseline === null ? null : requiredTier(findings);
  const lowest = baseline === null ? "major" : higherTier(declared ?? "patch", required ?? "patch");
  if (override !== null && higherTier(override, lowest) !== override) {
    const deciding = findings.find(({ tier }) => tier === lowest);
    const versions =
      baseline === null ? "there is no baseline, so everything is new" : "its version number says so";
    const reason = ` (${deciding?.message ?? versions})`;
    throw new GateError("USAGE", `--tier ${override} is below ${lowest}, which this change needs${reason}`, {
      hint: "--tier may raise the tier, never lower it: leave it out",
    });
  }
  const violation = baseline === null ? null : versionViolation(baseline, candidate, findings);
  return { declared, required, applied: override ?? lowest, findings, violation };
}
