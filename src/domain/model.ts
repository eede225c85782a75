import type { Message, ModelParameters, ResponseFormat, Tool } from "./prompt.ts";

/** One call, fully rendered: equal requests may share one answer, so everything that shapes the answer is here. */
export interface ModelRequest {
  readonly messages: readonly Message[];
  readonly parameters: ModelParameters;
  readonly responseFormat: ResponseFormat;
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  readonly tools: readonly Tool[];
  /** Texts of one token each whose probabilities are asked for, wherever the answer has one of them. */
  readonly gradeTokens?: readonly string[];
  /** Which repeat of the same question this is, from 0. Part of the cache key, never sent. */
  readonly sample: number;
}

/** A place of the answer where one of the request's `gradeTokens` stands as a token of its own. */
export interface GradeToken {
  /** Where the grade begins in the answer's text, in UTF-16 units. */
  readonly offset: number;
  /** By grade, of those that the provider names; never empty. */
  readonly logProbabilities: Readonly<Record<string, number>>;
}

export interface ToolCall {
  readonly name: string;
  /** The arguments as the model wrote them: JSON text, perhaps invalid. */
  readonly arguments: string;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "unknown";

export interface Completion {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  /** The model id that the provider says answered. */
  readonly model: string;
  /** Null when the provider did not report it: no measurement, not zero. */
  readonly usage: Usage | null;
  /** Wall time of the successful attempt alone, without waiting and retries; null for stored outputs. */
  readonly latencyMs: number | null;
  /** In order of the text; absent when the request has no `gradeTokens` or the provider gives no probabilities. */
  readonly gradeTokens?: readonly GradeToken[];
}

/** What a server still allows of one quantity. */
export interface Allowance {
  readonly remaining: number;
  /** Null = it does not say. */
  readonly limit: number | null;
  /** Milliseconds until all of it is allowed again. */
  readonly resetMs: number;
}

/** What a server still allows, as it says with an answer or a refusal; null = it says nothing of it. */
export interface RateLimits {
  readonly requests: Allowance | null;
  readonly tokens: Allowance | null;
}

/**
 * A provider's model. `complete` makes one attempt: no retries, no cache, no limits of its own.
 * It throws `GateError` (`AUTHENTICATION`, `QUOTA_EXHAUSTED`, `RATE_LIMITED`, `PROVIDER_FAILED`, `TIMEOUT`, `NETWORK`,
 * `REPLAY_MISS`) whose `retryable` is decided here, where the failure was seen, and rejects with `INTERRUPTED` when
 * `signal` aborts.
 */
export interface Model {
  /** Provider id: a key of the table in `models/`. */
  readonly provider: string;
  /** The provider's own model id. */
  readonly model: string;
  /** Where calls go, when the user chose it; part of the cache key. */
  readonly baseUrl: string | undefined;
  /** `notice` is told what the server still allows, where it says so. */
  complete(
    request: ModelRequest,
    signal: AbortSignal,
    notice?: (limits: RateLimits) => void,
  ): Promise<Completion>;
}
