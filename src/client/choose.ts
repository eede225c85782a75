import { bucket, isCanary, isHeldBack } from "../rollout/bucketing.ts";
import type { LoadedVersion } from "./documents.ts";
import type { Snapshot } from "./snapshot.ts";

export type Variant = "stable" | "canary" | "holdback";

/** Why a version was served; see the table in docs/client.md. */
export type Reason =
  | "label"
  | "stable"
  | "canary"
  | "holdback"
  | "no-unit"
  | "kill-switch"
  | "invalid-candidate"
  | "unknown-candidate"
  | "invalid-holdback"
  | "unknown-holdback"
  | "unknown-label"
  | "fallback";

/** Who gets which version and why. `bucket` is null where no share of units was open. */
export interface Choice {
  readonly version: LoadedVersion;
  readonly variant: Variant;
  readonly reason: Reason;
  readonly bucket: number | null;
  readonly salt: string | null;
}

/** The stable version, for a reason. */
export function toStable(
  version: LoadedVersion,
  reason: Reason,
  bucket: number | null = null,
  salt: string | null = null,
): Choice {
  return { version, variant: "stable", reason, bucket, salt };
}

/** The version for a unit; null is one that the application could not name. Pure: the same unit stays where it is. */
export function choose({ release, stable, candidate, holdback }: Snapshot, unit: string | null): Choice {
  if (release === null) return toStable(stable, "label");
  if (release.candidate === "invalid") return toStable(stable, "invalid-candidate");
  if (release.holdback === "invalid") return toStable(stable, "invalid-holdback");
  const canary = release.candidate?.weight ? release.candidate : null;
  const held = release.holdback?.weight ? release.holdback : null;
  const salt = canary?.salt ?? held?.salt;
  if (salt === undefined) return toStable(stable, "stable");
  if (unit === null) return toStable(stable, "no-unit", null, salt);
  const position = bucket(salt, unit);
  if (canary !== null && isCanary(position, canary.weight)) {
    if (candidate === null) return toStable(stable, "unknown-candidate", position, salt);
    return { version: candidate, variant: "canary", reason: "canary", bucket: position, salt };
  }
  if (held === null) return toStable(stable, "stable", position, salt);
  const other = held.salt === salt ? position : bucket(held.salt, unit);
  if (!isHeldBack(other, held.weight)) return toStable(stable, "stable", position, salt);
  if (holdback === null) return toStable(stable, "unknown-holdback", other, held.salt);
  return { version: holdback, variant: "holdback", reason: "holdback", bucket: other, salt: held.salt };
}
