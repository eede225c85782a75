/** What production is watched for. Rates are shares in [0,1]; `ln` metrics are means of natural logarithms. */
export interface MetricQuery {
  readonly name: string;
  readonly kind: "mean" | "proportion";
  /** `ln` for quantities above 0 such as latency and cost: differences are ratios then. */
  readonly transform: "none" | "ln";
}

/**
 * What was measured of one metric, one version and one bucket of time. Of a mean `variance / n` is the variance of
 * `mean`, and 0 at `n` 1, where nothing is known of it. Of a proportion `n` and `errors` need not be whole numbers:
 * requests that are alike count for less than one.
 */
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
  /** Those of them that no earlier bucket of the request has; equal to `n` where no unit is known. */
  readonly newUnits: number;
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

/** What a person should know of the numbers; the line is safe to print. No decision depends on it. */
export interface ObservationNote {
  readonly kind:
    | "unassigned"
    | "several-versions"
    | "mixed-clients"
    | "malformed"
    | "torn"
    | "incomplete"
    | "not-checked";
  /** How many requests, units, lines or buckets it is about. */
  readonly count: number;
  readonly message: string;
}

/**
 * A unit is one sample of a whole request: it belongs to the bucket that sees it first and carries all that it did until
 * `to`, so that buckets are independent of each other although people come back.
 */
export interface Observations {
  readonly observations: readonly Observation[];
  readonly assignments: readonly Assignment[];
  /** Metrics that could not be read, with the reason: no data is not an error, and an error is no data. */
  readonly errors: readonly { readonly metric: string; readonly message: string }[];
  /** What a sample is; without it requests, whose variances a strategy's `designEffect` corrects. */
  readonly basis?: "unit" | "request";
  readonly notes?: readonly ObservationNote[];
}

/**
 * Where production is observed. The unit of analysis is the unit of bucketing where the source knows it. A source that
 * cannot be reached throws `GateError` (`METRICS_FAILED`, `AUTHENTICATION`, `TIMEOUT`, `NETWORK`).
 */
export interface MetricsSource {
  observe(request: ObserveRequest, signal: AbortSignal): Promise<Observations>;
}

/** PromQL templates of one metric; each answers one number per version for the bucket that ends at the query's time. */
export type PrometheusQueries =
  | { readonly kind: "proportion"; readonly n: string; readonly errors: string }
  | { readonly kind: "sums"; readonly n: string; readonly sum: string; readonly sumOfSquares: string }
  | { readonly kind: "moments"; readonly n: string; readonly mean: string; readonly variance: string };

export interface PrometheusSettings {
  readonly source: "prometheus";
  /** Of the server, without `/api/v1`. */
  readonly url: string;
  /** Values may be secrets; never printed. */
  readonly headers: Readonly<Record<string, string>>;
  /** Deadline of one request in milliseconds. */
  readonly timeoutMs: number;
  /** The label that names the version. */
  readonly versionLabel: string;
  /** How many requests were served each version, scored or not. */
  readonly assignments: string;
  /** By metric; `transform` is what the recorded numbers went through before they were summed. */
  readonly queries: Readonly<
    Record<string, { readonly transform: MetricQuery["transform"]; readonly read: PrometheusQueries }>
  >;
}

export interface LangfuseMetricsSettings {
  readonly source: "langfuse";
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly publicKey: string;
  /** Never printed. */
  readonly secretKey: string;
  /** Where the prompts are, as for the registry; empty = at the top. */
  readonly folder: string;
  /** Deadline of one request in milliseconds. */
  readonly timeoutMs: number;
  /** What counts as production. */
  readonly environments: readonly string[];
  /** Which id of a generation is the unit of bucketing. */
  readonly unit: "user" | "session" | "none";
}

export interface PromptLayerMetricsSettings {
  readonly source: "promptlayer";
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** Never printed. */
  readonly apiKey: string;
  /** Deadline of one request in milliseconds. */
  readonly timeoutMs: number;
  /** The key of a request's metadata that names the unit of bucketing; null = none does. */
  readonly unit: string | null;
  /** What requests of production are tagged with; null = every request counts. */
  readonly tag: string | null;
}

export interface LangsmithMetricsSettings {
  readonly source: "langsmith";
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** Never printed. */
  readonly apiKey: string;
  /** For keys of a whole organization; null = the key's own workspace. */
  readonly workspaceId: string | null;
  /** Deadline of one request in milliseconds. */
  readonly timeoutMs: number;
  /** The tracing project of production. */
  readonly project: string;
  /** The key of a run's metadata that names the unit of bucketing; null = none does. */
  readonly unit: string | null;
}

export interface PhoenixMetricsSettings {
  readonly source: "phoenix";
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** Never printed; null where the server asks for none. */
  readonly apiKey: string | null;
  /** Deadline of one request in milliseconds. */
  readonly timeoutMs: number;
  /** The project that production's spans are in. */
  readonly project: string;
  /** Which id of a span is the unit of bucketing. */
  readonly unit: "user" | "session" | "none";
}

export interface LogfireMetricsSettings {
  readonly source: "logfire";
  /** Without a slash at the end; null = that of the region which the token names. */
  readonly baseUrl: string | null;
  /** Never printed. */
  readonly readToken: string;
  /** Tells which version a number of Logfire is; null = spans name versions themselves. Never printed. */
  readonly apiKey: string | null;
  /** Deadline of one request in milliseconds. */
  readonly timeoutMs: number;
  /** Deployment environments that are production; empty = all. */
  readonly environments: readonly string[];
  /** The attribute of a span that names the unit of bucketing; null = none does. */
  readonly unit: string | null;
}

/** `metrics` of the config with every default filled in. A `path` is relative to the project. */
export type MetricsSettings =
  | { readonly source: "jsonl"; readonly path: string }
  | PrometheusSettings
  | LangfuseMetricsSettings
  | LogfireMetricsSettings
  | LangsmithMetricsSettings
  | PromptLayerMetricsSettings
  | PhoenixMetricsSettings;
