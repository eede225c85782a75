import type { Submission } from "./batch-files.ts";
import { planRest } from "./batch-plan.ts";
import { modelKey, newProgress, type Progress, type Stage } from "./batch-progress.ts";
import { look, recover, reserveFor, send } from "./batch-steps.ts";
import { longerPause, pauseFor } from "./batch-timing.ts";

/** Takes note of what other processes have closed, and of what goes live. */
function noteClosed(stage: Stage, progress: Progress, submissions: readonly Submission[]): void {
  const news = submissions.filter(({ name, closed }) => closed !== null && !progress.seen.has(name));
  for (const { name } of news) progress.seen.add(name);
  if (!news.some(({ plan }) => plan.requests.some((digest) => progress.open.has(digest)))) return;
  stage.answers.refresh();
  for (const digest of progress.open.keys()) if (stage.answers.has(digest)) progress.open.delete(digest);
  for (const { closed } of news) for (const digest of closed?.failed ?? []) progress.open.delete(digest);
}

/** Brings every open submission one step further; true when something changed. */
async function advance(
  stage: Stage,
  progress: Progress,
  submissions: readonly Submission[],
): Promise<boolean> {
  let changed = false;
  const open = submissions.filter(({ closed }) => closed === null);
  for (const submission of open) {
    const asked = submission.plan.requests.flatMap((digest) => progress.open.get(digest) ?? []);
    const [first] = asked;
    if (first === undefined) continue;
    const working = { ...submission, settings: first.settings };
    reserveFor(stage, progress, working);
    const others = open.filter(
      (other) => other !== submission && modelKey(other.plan.model) === modelKey(submission.plan.model),
    );
    const { batch, claim } = submission;
    const step =
      batch !== null
        ? look(stage, progress, { ...working, batch }, others.length === 0)
        : claim !== null
          ? recover(stage, progress, { ...working, claim })
          : send(stage, progress, working);
    changed = (await step) || changed;
  }
  return changed;
}

function finishedRequests({ wanted }: Stage, { open, working }: Progress): number {
  const atWork = [...working.values()].reduce((sum, count) => sum + count, 0);
  return wanted.size - open.size + atWork;
}

/**
 * Has all wanted requests answered in batches, but for those that the provider answers badly: they stay open for live
 * calls. Goes on where an earlier or another process stands. Throws what ends a run; everything paid for can be found again.
 */
export async function runStage(stage: Stage): Promise<void> {
  const { files, waiting } = stage.provider;
  const progress = newProgress(stage.wanted);
  let pause = waiting.timing.pollMs;
  try {
    for (;;) {
      const submissions = await files.read();
      noteClosed(stage, progress, submissions);
      stage.showFinished(finishedRequests(stage, progress));
      if (progress.open.size === 0) return;
      stage.checkTime();
      if (await planRest(stage, progress, submissions)) continue;
      if (await advance(stage, progress, submissions)) pause = waiting.timing.pollMs;
      else {
        await pauseFor(waiting, Math.max(pause, progress.waitMs));
        progress.waitMs = 0;
        pause = longerPause(pause);
      }
    }
  } finally {
    for (const reservation of progress.reservations.values()) reservation.release();
  }
}
