/** What production is watched for. Rates are shares in [0,1]; `ln` metrics are means of natural logarithms. */
export interface MetricQuery {
  readonly name: string;
  readonly kind: "mean" | "proportion";
  /** `ln` for quantities above 0 such as latency and cost: differences are ratios then. */
  readonly transform: "none" | "ln";
}

/** What was measured of one metric, one version and one bucket of time. */
export type Sample =
  | { readonly kind: "mean"; readonly n: number; readonly mean: number; readonly variance: number }
  | { readonly kind: "proportion"; readonly n: number; readonly errors: number }
  /** Numbers that cannot be: NaN, Infinity, a negative variance, a share outside [0,1]. */
  | { readonly kind: "invalid"; readonly reason: string };

/** A bucket without an observation is one without data: it is absent, never 0. */
export interface Observation {
  readonly metric: string;
  readonly version: string;
  /** Start of the bucket, milliseconds since 1970. */
  readonly bucket: number;
  readonly sample: Sample;
}

/** How many units (requests where no unit is known) were served a version in a bucket. */
export interface Assignment {
  readonly version: string;
  readonly bucket: number;
  readonly n: number;
}

export interface ObserveRequest {
  readonly prompt: string;
  readonly versions: readonly string[];
  readonly metrics: readonly MetricQuery[];
  /** Milliseconds since 1970, multiples of `bucketMs`; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
}

export interface Observations {
  readonly observations: readonly Observation[];
  readonly assignments: readonly Assignment[];
  /** Metrics that could not be read, with the reason: no data is not an error, and an error is no data. */
  readonly errors: readonly { readonly metric: string; readonly message: string }[];
}

/**
 * Where production is observed. The unit of analysis is the unit of bucketing where the source knows it. A source that
 * cannot be reached throws `GateError` (`METRICS_FAILED`, `AUTHENTICATION`, `TIMEOUT`, `NETWORK`).
 */
export interface MetricsSource {
  observe(request: ObserveRequest, signal: AbortSignal): Promise<Observations>;
}
