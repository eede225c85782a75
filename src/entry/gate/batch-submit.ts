import type { BatchJob, BatchModel } from "../../domain/batch.ts";
import { GateError } from "../../domain/errors.ts";
import type { BatchFiles, Claim, Submission } from "./batch-files.ts";
import { patiently, type Waiting } from "./batch-timing.ts";

/** Everything that a submission needs from outside. */
export interface Provider {
  readonly files: BatchFiles;
  readonly waiting: Waiting;
}

/** A failure after which nobody knows whether the batch came into being. */
function isUnclear(error: unknown): boolean {
  return (
    !(error instanceof GateError) ||
    error.code === "INTERRUPTED" ||
    (error.retryable && error.code !== "RATE_LIMITED")
  );
}

/**
 * What became of an attempt to submit. `unclear`: `adopt` finds out; `taken`: another process does it;
 * `limited`: not now.
 */
export type Submitted =
  | { readonly kind: "created"; readonly id: string }
  | { readonly kind: "taken" }
  | { readonly kind: "unclear"; readonly error: unknown }
  | { readonly kind: "limited"; readonly error: GateError };

/** Creates the batch of an own claim once: a second attempt could pay a second time. */
async function createClaimed(
  { files, waiting }: Provider,
  { name, plan }: Submission,
  { model, claim }: { readonly model: BatchModel; readonly claim: Claim },
): Promise<Submitted> {
  let job: BatchJob;
  try {
    job = await model.create({ label: plan.label, file: claim.file }, waiting.signal);
  } catch (error) {
    if (!isUnclear(error)) {
      await files.close(name, { outcome: "lost", failed: [] });
      if (error instanceof GateError && error.code === "RATE_LIMITED") return { kind: "limited", error };
      throw error;
    }
    waiting.signal.throwIfAborted();
    return { kind: "unclear", error };
  }
  await files.created(name, job.id);
  return { kind: "created", id: job.id };
}

/** Uploads the input file of a planned submission and creates its batch. */
export async function submit(
  provider: Provider,
  submission: Submission,
  { model, lines }: { readonly model: BatchModel; readonly lines: readonly string[] },
): Promise<Submitted> {
  const { files, waiting } = provider;
  const file = await patiently(waiting, () => model.upload(lines, waiting.signal));
  // Written down before the batch is created: what is paid can be found again.
  const claim = { file, claimedAt: waiting.now() };
  if (!(await files.claim(submission.name, claim))) return { kind: "taken" };
  return createClaimed(provider, submission, { model, claim });
}

/**
 * Finds the batch of a claim whose creation nobody wrote down, or closes the submission: then it never came into being.
 * Waits until no attempt can be under way any more, here or on another machine.
 */
export async function adopt(
  { files, waiting }: Provider,
  { name, plan }: Submission,
  { model, claim }: { readonly model: BatchModel; readonly claim: Claim },
): Promise<"waits" | "adopted" | "lost"> {
  if (waiting.now() < claim.claimedAt + waiting.timing.settleMs) return "waits";
  const submission = { label: plan.label, file: claim.file };
  const job = await patiently(waiting, () => model.find(submission, waiting.signal));
  if (job !== null) {
    await files.created(name, job.id);
    return "adopted";
  }
  await files.close(name, { outcome: "lost", failed: [] });
  return "lost";
}
