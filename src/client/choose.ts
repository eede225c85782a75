import { bucket, isCanary, isHeldBack } from "../rollout/bucketing.ts";
import { isShare, type LoadedVersion } from "./documents.ts";
import type { Snapshot } from "./snapshot.ts";

export type Variant = "stable" | "canary" | "holdback";

/** Why a version was served; docs/client.md says what each means. */
export type Reason =
  | Variant
  | "label"
  | "no-unit"
  | "kill-switch"
  | "invalid-canary"
  | "unknown-canary"
  | "invalid-holdback"
  | "unknown-holdback"
  | "fallback";

/** Who gets which version and why. */
export interface Choice {
  readonly loaded: LoadedVersion;
  readonly variant: Variant;
  readonly reason: Reason;
  /** 0 to 99,999; null where no share of units was open or no unit was known. */
  readonly bucket: number | null;
  readonly salt: string | null;
}

/**
 * The version for a unit; null is one that the application could not name. Pure: the same unit stays where it is.
 * `override` is a reason to serve the stable version whatever the release says.
 */
export function choose(
  { release, stable, versions }: Snapshot,
  unit: string | null,
  override: Reason | null,
): Choice {
  let position: number | null = null;
  let salt: string | null = null;
  const choice = (reason: Reason, variant: Variant = "stable", loaded = stable): Choice => ({
    loaded,
    variant,
    reason,
    bucket: position,
    salt,
  });
  if (override || !release) return choice(override ?? "label");
  for (const variant of ["canary", "holdback"] as const) {
    const isFirst = variant === "canary";
    const share = isFirst ? release.candidate : release.holdback;
    if (!share) continue;
    if (!isShare(share)) return choice(`invalid-${variant}`);
    if (share.weight === 0) continue;
    if (unit === null) return choice("no-unit");
    position = bucket((salt = share.salt), unit);
    if ((isFirst ? isCanary : isHeldBack)(position, share.weight)) {
      const loaded = versions.get(share.version);
      return loaded ? choice(variant, variant, loaded) : choice(`unknown-${variant}`);
    }
  }
  return choice("stable");
}
