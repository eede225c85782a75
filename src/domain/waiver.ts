/** Somebody's leave for a case or a metric not to block, until a day. A case, a metric or both are named. */
export interface Waiver {
  /** Null = every prompt that has the case and the metric. */
  readonly prompt: string | null;
  /** Null = every case. */
  readonly case: string | null;
  /** Null = every metric. */
  readonly metric: string | null;
  readonly owner: string;
  readonly reason: string;
  /** `YYYY-MM-DD`: the last day on which it holds, in UTC. */
  readonly expires: string;
}

/** Whether a case may miss on this metric: the metric is waived, or the case is, for it or altogether. */
export function isWaived(waivers: readonly Waiver[], id: string, metric: string): boolean {
  return waivers.some(
    (waiver) =>
      (waiver.case === null || waiver.case === id) && (waiver.metric === null || waiver.metric === metric),
  );
}
