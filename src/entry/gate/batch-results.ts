import type { BatchJob, BatchModel, BatchResult } from "../../domain/batch.ts";
import type { Digest } from "../../domain/digest.ts";
import type { GateError } from "../../domain/errors.ts";
import type { Completion } from "../../domain/model.ts";
import type { Submission } from "./batch-files.ts";
import type { MissingRequest, MissingRequests } from "./batch-requests.ts";
import { patiently, type Waiting } from "./batch-timing.ts";

/** What a batch that has ended brought. */
export interface Harvest {
  readonly answered: number;
  /** Requests that the provider answered badly, and why. */
  readonly failed: ReadonlyMap<Digest, GateError>;
  /** Requests without any result. */
  readonly unanswered: readonly Digest[];
  /** Lines that are damaged or of requests that this batch did not hold. */
  readonly foreign: number;
}

/** Takes the answer to a request; called once for each. */
export type KeepAnswer = (digest: Digest, asked: MissingRequest, completion: Completion) => void;

/** Reads the results of an ended batch. Of several lines on one request an answer counts, and the first one of them. */
export async function harvest(
  { waiting, model }: { readonly waiting: Waiting; readonly model: BatchModel },
  { plan }: Submission,
  {
    job,
    wanted,
    keep,
  }: { readonly job: BatchJob; readonly wanted: MissingRequests; readonly keep: KeepAnswer },
): Promise<Harvest> {
  const own = new Set(plan.requests);
  const answered = new Set<Digest>();
  let failed = new Map<Digest, GateError>();
  let foreign = 0;
  const take = (result: BatchResult): void => {
    // What an earlier reading of these results has kept is not asked for any more, and no stranger.
    if (result.kind === "foreign") foreign += result.digest !== null && own.has(result.digest) ? 0 : 1;
    else if (result.kind === "failed") failed.set(result.digest, result.failure);
    else if (result.kind === "answered" && !answered.has(result.digest)) {
      const asked = wanted.get(result.digest);
      answered.add(result.digest);
      if (asked !== undefined) keep(result.digest, asked, result.completion);
    }
  };
  const requestOf = (digest: Digest): MissingRequest["request"] | undefined =>
    own.has(digest) ? wanted.get(digest)?.request : undefined;
  await patiently(waiting, () => {
    failed = new Map();
    foreign = 0;
    return model.results(job, { requestOf, keep: take }, waiting.signal);
  });
  for (const digest of answered) failed.delete(digest);
  return {
    answered: answered.size,
    failed,
    unanswered: plan.requests.filter(
      (digest) => wanted.has(digest) && !answered.has(digest) && !failed.has(digest),
    ),
    foreign,
  };
}
