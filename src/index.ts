export { GateError } from "./domain/errors.ts";
export type { ErrorCode } from "./domain/errors.ts";
export type {
  Comparison,
  GateLevel,
  Interval,
  MetricKind,
  MetricResult,
  ScoreRow,
  VerdictKind,
} from "./domain/scores.ts";
export { compareScores, type CompareOptions } from "./gate/compare-scores.ts";
export type { Completion, Model, ModelRequest } from "./domain/model.ts";
export { embeddedModel } from "./models/embedded/index.ts";
