import { bucketOfUnit, isCanary, isHeldBack } from "../rollout/bucketing.ts";
import type { LoadedVersion } from "./documents.ts";
import type { Snapshot } from "./snapshot.ts";

export type Variant = "stable" | "canary" | "holdback";

/** A share of units that does not get the stable version. */
export interface Share {
  readonly variant: Exclude<Variant, "stable">;
  /** Empty in a document that cannot be trusted: nobody gets this share, nor those after it. */
  readonly salt: string;
  /** 1 to 100,000; anything where `salt` is empty. */
  readonly weight: number;
  /** Null for a version that could not be read. */
  readonly loaded: LoadedVersion | null;
}

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
  { release, stable, shares }: Snapshot,
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
  for (const share of shares) {
    if (!share) continue;
    const { variant, loaded, weight } = share;
    if (!share.salt) return choice(`invalid-${variant}`);
    if (unit === null) return choice("no-unit");
    position = bucketOfUnit((salt = share.salt), unit);
    if ((variant === "canary" ? isCanary : isHeldBack)(position, weight)) {
      return loaded ? choice(variant, variant, loaded) : choice(`unknown-${variant}`);
    }
  }
  return choice("stable");
}
