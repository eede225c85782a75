import { FULL_WEIGHT, type ReleaseDocument } from "../domain/release.ts";
import type { LogfireVariable, LogfireVersion, VariableUpdate } from "../http/logfire-variables.ts";

/**
 * The labels that traffic is routed to, in the order in which Logfire's SDKs walk them. PostgreSQL's JSONB orders keys by
 * length, so that the order is this one whether the server keeps what it is sent or not.
 */
const NEXT = "promptgate.next";
const STABLE = "promptgate.stable";
const HOLDBACK = "promptgate.holdback";

const TOLERANCE = 1e-9;

/** A share by name; names are others' and may be those of any object's parts. */
function shareOf(shares: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(shares, name) ? (shares[name] ?? 0) : 0;
}

/** One update that puts the labels on their versions and gives each its share, so that there is no moment in between. */
export interface SplitUpdate extends VariableUpdate {
  readonly labels: Readonly<
    Record<
      string,
      { readonly target_type: "version"; readonly version: number; readonly serialized_value: string }
    >
  >;
  readonly rollout: { readonly labels: Readonly<Record<string, number>> };
}

/**
 * A release as labels and weights. Keys stay in the order in which the server shows them, as the SDKs give each label the
 * next stretch of the range and another order would move everybody; labels of others keep their key and weigh nothing.
 */
export function splitOf(
  { stable, candidate, holdback }: ReleaseDocument,
  { rollout }: Pick<LogfireVariable, "rollout">,
  versionOf: (version: string) => LogfireVersion,
): SplitUpdate {
  const next = candidate?.weight ?? 0;
  const kept = Math.min(holdback?.weight ?? 0, FULL_WEIGHT - next);
  const weights: Readonly<Record<string, number>> = {
    [NEXT]: next / FULL_WEIGHT,
    [STABLE]: (FULL_WEIGHT - next - kept) / FULL_WEIGHT,
    [HOLDBACK]: kept / FULL_WEIGHT,
  };
  const target = (version: string) => ({ target_type: "version", ...versionOf(version) }) as const;
  const keys = new Set([...Object.keys(rollout.labels), ...Object.keys(weights)]);
  return {
    labels: {
      [NEXT]: target(candidate?.version ?? stable),
      [STABLE]: target(stable),
      [HOLDBACK]: target(holdback?.version ?? stable),
    },
    rollout: { labels: Object.fromEntries([...keys].map((key) => [key, shareOf(weights, key)])) },
  };
}

/** True when a variable shows these labels and shares. */
export function isSplit({ labels, rollout }: LogfireVariable, update: SplitUpdate): boolean {
  const isLabelled = Object.entries(update.labels).every(([name, { version }]) => {
    const label = labels[name];
    return label !== undefined && "serialized_value" in label && label.version === version;
  });
  const keys = new Set([...Object.keys(rollout.labels), ...Object.keys(update.rollout.labels)]);
  return (
    isLabelled &&
    [...keys].every(
      (key) => Math.abs(shareOf(rollout.labels, key) - shareOf(update.rollout.labels, key)) < TOLERANCE,
    )
  );
}
