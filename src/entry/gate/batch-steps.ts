import type { BatchJob, BatchModel } from "../../domain/batch.ts";
import { GateError } from "../../domain/errors.ts";
import type { ModelSettings } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { Claim, Submission } from "./batch-files.ts";
import { modelKey, type Progress, type Stage } from "./batch-progress.ts";
import { harvest } from "./batch-results.ts";
import { adopt, submit } from "./batch-submit.ts";
import { patiently } from "./batch-timing.ts";

/** Attempts in a row from which no batch came. */
const MOST_LOST = 8;
/** A batch ends within 24 hours; one that does not is dead. */
const DEAD_AFTER_MS = 48 * 3_600_000;

/** A submission with the settings of the model that it goes to. */
export type Working = Submission & { readonly settings: ModelSettings };

/** Keeps the money for a submission before anything else happens to it. */
export function reserveFor(stage: Stage, { reservations }: Progress, submission: Working): void {
  const { name, plan, claim, settings } = submission;
  if (reservations.has(name)) return;
  const open = plan.requests.filter((digest) => stage.wanted.has(digest)).length;
  reservations.set(name, stage.reserve(settings, open, claim !== null));
}

/** Sends a planned submission. */
export async function send(stage: Stage, progress: Progress, submission: Working): Promise<boolean> {
  const model = stage.modelOf(submission.settings);
  const lines = submission.plan.requests.flatMap((digest) => {
    const asked = progress.open.get(digest);
    return asked === undefined ? [] : [model.encode(digest, asked.request)];
  });
  const submitted = await submit(stage.provider, submission, { model, lines });
  switch (submitted.kind) {
    case "created":
      progress.lost = 0;
      stage.say(
        `submitted batch ${visibleLine(submitted.id, 80)} with ${lines.length} requests to ${visibleLine(model.model, 60)}`,
      );
      return true;
    case "taken":
      return false;
    case "unclear":
      progress.trouble = submitted.error;
      return false;
    case "limited":
      progress.trouble = submitted.error;
      noteLoss(progress, submission.name);
      progress.waitMs = Math.max(submitted.error.retryAfterMs ?? 0, 1_000 * 2 ** Math.min(progress.lost, 6));
      return false;
  }
}

/** One more attempt from which no batch came; throws what is wrong when there were too many. */
function noteLoss(progress: Progress, name: string): void {
  progress.reservations.get(name)?.release();
  progress.lost += 1;
  if (progress.lost > MOST_LOST && progress.trouble !== null) throw progress.trouble;
}

/** Finds out what became of an attempt that this process, or a dead one, left behind. */
export async function recover(
  stage: Stage,
  progress: Progress,
  submission: Working & { readonly claim: Claim },
): Promise<boolean> {
  const { claim, name } = submission;
  const model = stage.modelOf(submission.settings);
  const found = await adopt(stage.provider, submission, { model, claim });
  if (found !== "lost") return found === "adopted";
  noteLoss(progress, name);
  return true;
}

function refusedError({ problem }: BatchJob, { name }: Submission, server: BatchModel): GateError {
  const said = problem === "" ? "" : `: ${problem}`;
  return new GateError(
    "PROVIDER_FAILED",
    `the provider refused a batch for ${visibleLine(server.model, 60)}${said}`,
    {
      hint: `gate without --batch, or see the batch in the provider's list (submission ${name}); nothing was paid`,
    },
  );
}

/** Too much is enqueued: smaller batches, one at a time. */
function shrink(progress: Progress, submission: Submission, isAlone: boolean): void {
  const { length } = submission.plan.requests;
  if (isAlone && length === 1) {
    throw new GateError("RATE_LIMITED", "the provider enqueues not even a batch of one request", {
      hint: "raise the account's limit of enqueued tokens, or gate without --batch",
    });
  }
  progress.smaller.set(modelKey(submission.plan.model), isAlone ? Math.ceil(length / 2) : length);
}

async function finish(stage: Stage, progress: Progress, submission: Working, ended: BatchJob): Promise<void> {
  const { files, waiting } = stage.provider;
  const { answers } = stage;
  const { name } = submission;
  const model = stage.modelOf(submission.settings);
  const { answered, failed, unanswered, foreign } = await harvest({ waiting, model }, submission, {
    job: ended,
    wanted: progress.open,
    keep: (digest, asked, completion) => {
      progress.reservations.get(name)?.spend(answers.keep(digest, asked, completion));
    },
  });
  const outcome =
    ended.state === "completed" ? "answered" : ended.state === "expired" ? "expired" : "stopped";
  const live = [...failed.keys(), ...(outcome === "answered" ? unanswered : [])];
  // What is closed is never read again.
  answers.sync();
  await files.close(name, { outcome, failed: live });
  progress.seen.add(name);
  for (const digest of submission.plan.requests) {
    if (answers.has(digest)) progress.open.delete(digest);
  }
  for (const digest of live) progress.open.delete(digest);
  const id = visibleLine(ended.id, 80);
  stage.say(`batch ${id} is ${outcome}: ${answered} answers`);
  if (foreign > 0) stage.warn(`batch ${id}: ${foreign} lines are damaged or answer nothing that was asked`);
  if (live.length > 0) {
    const [first] = failed.values();
    const reason = first === undefined ? "no result" : first.message;
    stage.warn(
      `batch ${id}: ${live.length} requests without an answer (${reason}) are asked live, at the full price`,
    );
  }
  if (outcome === "expired") {
    for (const digest of unanswered) progress.expiries.set(digest, (progress.expiries.get(digest) ?? 0) + 1);
    if (unanswered.length > 0)
      stage.warn(`batch ${id} expired: ${unanswered.length} requests are submitted again`);
  }
  if (outcome === "stopped" && unanswered.length > 0) {
    throw new GateError(
      "PROVIDER_FAILED",
      `batch ${id} was cancelled: ${unanswered.length} requests are open`,
      {
        hint: "the same command submits them again; answers that came are kept",
      },
    );
  }
}

/** It has ended, and where its answers are is not said yet. */
function lacksFiles({ state, finished, files }: BatchJob): boolean {
  return state === "completed" && files.length === 0 && (finished ?? 0) > 0;
}

/** One look at a batch that is at the provider; true when it has ended. */
export async function look(
  stage: Stage,
  progress: Progress,
  submission: Working & { readonly batch: string },
  isAlone: boolean,
): Promise<boolean> {
  const { files, waiting } = stage.provider;
  const { name, batch, claim } = submission;
  const model = stage.modelOf(submission.settings);
  const job = await patiently(waiting, () => model.read(batch, waiting.signal));
  progress.working.set(name, job.finished ?? 0);
  if (job.state === "working" || lacksFiles(job)) {
    if (claim === null || waiting.now() - claim.claimedAt < DEAD_AFTER_MS) return false;
    throw new GateError("TIMEOUT", `batch ${visibleLine(batch, 80)} has not ended within 48 hours`, {
      hint: "cancel it at the provider, then run the same command again",
    });
  }
  progress.working.delete(name);
  try {
    if (job.state === "refused" || job.state === "overloaded") {
      await files.close(name, { outcome: job.state, failed: [] });
      progress.seen.add(name);
      if (job.state === "refused") throw refusedError(job, submission, model);
      shrink(progress, submission, isAlone);
    } else await finish(stage, progress, submission, job);
  } finally {
    progress.reservations.get(name)?.release();
  }
  return true;
}
