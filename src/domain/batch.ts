import type { Digest } from "./digest.ts";
import type { GateError } from "./errors.ts";
import type { Completion, Model, ModelRequest } from "./model.ts";

/** A batch as its provider describes it. */
export interface BatchJob {
  readonly id: string;
  /**
   * `stopped`: cancelled, with what was answered until then. `refused`: nothing was answered and nothing is paid;
   * `overloaded`: refused because too much is enqueued, so that it may be accepted later.
   */
  readonly state: "working" | "completed" | "expired" | "stopped" | "refused" | "overloaded";
  /** Requests that are answered, well or badly; null = the provider does not say. */
  readonly finished: number | null;
  /** Why it was refused, in the provider's words made harmless; else "". */
  readonly problem: string;
  /** Files with results, answers first; none where nothing was answered. */
  readonly files: readonly string[];
}

/**
 * One line of a batch's results. A request that no line mentions, or an `unfinished` one, was not answered; `foreign`
 * lines are damaged or of requests that nobody asked for.
 */
export type BatchResult =
  | { readonly kind: "answered"; readonly digest: Digest; readonly completion: Completion }
  | { readonly kind: "failed"; readonly digest: Digest; readonly failure: GateError }
  | { readonly kind: "unfinished"; readonly digest: Digest }
  | { readonly kind: "foreign"; readonly digest: Digest | null };

/** Which submission a batch is: the label that it was created with, and its input file. */
export interface BatchSubmission {
  /** Unique for ever. */
  readonly label: string;
  readonly file: string;
}

/**
 * A model that answers many requests later and for less. Every method makes one attempt and throws `GateError` as
 * `Model.complete` does.
 */
export interface BatchModel extends Pick<Model, "provider" | "model" | "baseUrl"> {
  /** What a token costs in a batch, as a share of its price in a call. */
  readonly priceShare: number;
  /** Throws `CONFIG_INVALID` where the server takes no batches. Costs nothing. */
  check(signal: AbortSignal): Promise<void>;
  /** One line of an input file, without its end. */
  encode(digest: Digest, request: ModelRequest): string;
  /** Sends the lines as an input file and returns its id. Costs nothing: only `create` does. */
  upload(lines: readonly string[], signal: AbortSignal): Promise<string>;
  /** Not idempotent: after a failure look with `find` whether there is a batch all the same. */
  create(submission: BatchSubmission, signal: AbortSignal): Promise<BatchJob>;
  /** The batch of a submission; null when the whole list has none. */
  find(submission: BatchSubmission, signal: AbortSignal): Promise<BatchJob | null>;
  read(id: string, signal: AbortSignal): Promise<BatchJob>;
  /**
   * Hands every result to `keep`, answers before failures, in any order and perhaps twice. Latencies are null. After a
   * failure half way the next attempt begins anew.
   */
  results(job: BatchJob, reader: ResultReader, signal: AbortSignal): Promise<void>;
}

export interface ResultReader {
  /** What was asked under this digest; undefined = nothing. */
  readonly requestOf: (digest: Digest) => ModelRequest | undefined;
  readonly keep: (result: BatchResult) => void;
}
