/**
 * What can go wrong, by cause. A failed gate is a verdict and never one of these; `entry/exit-codes.ts` maps each
 * code to an exit code.
 */
export type ErrorCode =
  | "USAGE"
  | "CONFIG_INVALID"
  | "FILE_UNREADABLE"
  | "DATASET_INVALID"
  | "PROMPT_INVALID"
  | "SCORES_INVALID"
  | "VARIABLE_MISSING"
  | "VERSION_NOT_FOUND"
  | "VERSION_EXISTS"
  | "BASELINE_MISSING"
  | "INCOMPATIBLE"
  | "BUDGET_REACHED"
  | "AUTHENTICATION"
  | "QUOTA_EXHAUSTED"
  | "RATE_LIMITED"
  | "PROVIDER_FAILED"
  | "TIMEOUT"
  | "NETWORK"
  | "REPLAY_MISS"
  | "REGISTRY_CONFLICT"
  | "REGISTRY_CORRUPT"
  | "REGISTRY_FAILED"
  | "STORE_CORRUPT"
  | "METRICS_FAILED"
  | "PLATFORM_FAILED"
  | "STORAGE_FAILED"
  | "INTERRUPTED"
  | "INTERNAL";

interface GateErrorDetails {
  /** What the reader should do next, one line. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** True when the same call may succeed later. Only the code that saw the failure may say so. */
  readonly retryable?: boolean;
  /** Milliseconds the other side asked us to wait before a retry. */
  readonly retryAfterMs?: number;
  /** True when no other call to the same model can fare better in this run, e.g. a refused key. */
  readonly fatal?: boolean;
}

/** The only error class: a cause by name, one line of message, one line of hint. */
export class GateError extends Error {
  override readonly name = "GateError";
  // Declared only: the constructor sets them, and the client counts its bytes.
  declare readonly code: ErrorCode;
  declare readonly hint: string | undefined;
  declare readonly retryable: boolean;
  declare readonly retryAfterMs: number | undefined;
  declare readonly fatal: boolean;

  constructor(code: ErrorCode, message: string, details: GateErrorDetails = {}) {
    super(message, details);
    this.code = code;
    this.hint = details.hint;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
    this.fatal = details.fatal ?? false;
  }
}
