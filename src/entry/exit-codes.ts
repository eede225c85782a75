import type { ErrorCode } from "../domain/errors.ts";
import type { VerdictKind } from "../domain/scores.ts";

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 130;

/** Only a measured `fail` is 1: no fault of tools or input ever looks like a regression. */
export const verdictExitCodes = { pass: 0, fail: 1, inconclusive: 3 } as const satisfies Record<
  VerdictKind,
  ExitCode
>;

export const errorExitCodes = {
  USAGE: 2,
  CONFIG_INVALID: 2,
  FILE_UNREADABLE: 2,
  DATASET_INVALID: 2,
  PROMPT_INVALID: 2,
  SCORES_INVALID: 2,
  VARIABLE_MISSING: 2,
  VERSION_NOT_FOUND: 2,
  VERSION_EXISTS: 2,
  BASELINE_MISSING: 3,
  INCOMPATIBLE: 3,
  BUDGET_REACHED: 3,
  AUTHENTICATION: 4,
  QUOTA_EXHAUSTED: 4,
  RATE_LIMITED: 4,
  PROVIDER_FAILED: 4,
  TIMEOUT: 4,
  NETWORK: 4,
  REPLAY_MISS: 4,
  REGISTRY_CONFLICT: 4,
  REGISTRY_CORRUPT: 4,
  REGISTRY_FAILED: 4,
  STORE_CORRUPT: 4,
  METRICS_FAILED: 4,
  PLATFORM_FAILED: 4,
  STORAGE_FAILED: 4,
  INTERRUPTED: 130,
  INTERNAL: 4,
} as const satisfies Record<ErrorCode, ExitCode>;
