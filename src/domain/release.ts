/** Weights are shares of all units in 1/100,000: 5 % is 5,000. */
export const FULL_WEIGHT = 100_000;

/** The version under test and who gets it: units whose bucket is below `weight`. */
export interface ReleaseCandidate {
  readonly version: string;
  /** 0 to 100,000. */
  readonly weight: number;
  /** Fixed for the life of one attempt: `<prompt>.r<attempt>`, `^[A-Za-z0-9._-]{1,80}$`. */
  readonly salt: string;
  /** Which bucketing the weight is meant for; another one would move every unit. */
  readonly hashVersion: 1;
}

/** The former version, kept for the last units of the range as a control while everybody else has the new one. */
export interface ReleaseHoldback {
  readonly version: string;
  /** 0 to 100,000; units whose bucket is at least `100,000 - weight`. */
  readonly weight: number;
  readonly salt: string;
}

/** The small document that running applications read. A prompt without one is served by its `production` label. */
export interface ReleaseDocument {
  readonly schema: "promptgate/release@1";
  readonly prompt: string;
  readonly stable: string;
  readonly candidate: ReleaseCandidate | null;
  readonly holdback: ReleaseHoldback | null;
  /** Counts the writes from 1; a reader that has seen a higher one keeps what it has. */
  readonly generation: number;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
}

/** One write of a release document. */
export interface WriteReleaseRequest {
  readonly document: ReleaseDocument;
  /** The generation that the caller read; null when it read none. `document.generation` is one more. */
  readonly expected: number | null;
  readonly by: string;
  readonly reason: string;
}
