import type { Digest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { Submission } from "./batch-files.ts";
import { modelKey, type Progress, type Stage, type StageReservation } from "./batch-progress.ts";
import { identityOf, type MissingRequest } from "./batch-requests.ts";
import { splitRequests } from "./batch-split.ts";

/** The provider takes 50,000 requests and 200 MB in a file; half of it is held in memory more easily. */
const PART = { requests: 50_000, bytes: 100_000_000 };
/** Answers with the probabilities of their tokens are hundreds of kilobytes each. */
const PROBABILITY_REQUESTS = 2_000;

/** Submissions of a request by one command before it gives up: the first one and two more. */
const SUBMISSIONS = 3;

function timeout(requests: number): GateError {
  return new GateError(
    "TIMEOUT",
    `${requests} requests expired in ${SUBMISSIONS} batches, one after another`,
    {
      hint: "run the same command again to submit them once more, or gate without --batch: answers that came are kept",
    },
  );
}

/** Requests that no submission covers, by model. */
function uncovered(
  { open, expiries }: Progress,
  working: readonly Submission[],
): Map<string, Map<Digest, MissingRequest>> {
  const covered = new Set(working.flatMap(({ plan }) => plan.requests));
  const rest = new Map<string, Map<Digest, MissingRequest>>();
  let expired = 0;
  for (const [digest, asked] of open) {
    if (covered.has(digest)) continue;
    if ((expiries.get(digest) ?? 0) >= SUBMISSIONS) expired += 1;
    const key = modelKey(identityOf(asked.settings));
    const group = rest.get(key) ?? new Map<Digest, MissingRequest>();
    rest.set(key, group.set(digest, asked));
  }
  if (expired > 0) throw timeout(expired);
  return rest;
}

/** The next parts of one model's requests: all of them, or the first one where the provider refused more. */
function nextParts(
  stage: Stage,
  group: ReadonlyMap<Digest, MissingRequest>,
  smaller: number | undefined,
): Digest[][] {
  const [first] = group.values();
  if (first === undefined) return [];
  const model = stage.modelOf(first.settings);
  const bytes = new Map<Digest, number>();
  for (const [digest, { request }] of group)
    bytes.set(digest, Buffer.byteLength(model.encode(digest, request)) + 1);
  const hasProbabilities = [...group.values()].some(({ request }) => request.gradeTokens !== undefined);
  const requests = smaller ?? (hasProbabilities ? PROBABILITY_REQUESTS : PART.requests);
  const parts = splitRequests(bytes, { ...PART, requests });
  return smaller === undefined ? parts : parts.slice(0, 1);
}

/** Plans submissions of what none covers, after the budget has held all of it. */
export async function planRest(
  stage: Stage,
  progress: Progress,
  submissions: readonly Submission[],
): Promise<boolean> {
  const working = submissions.filter(({ closed }) => closed === null);
  const planned = [...uncovered(progress, working)].flatMap(([key, group]) => {
    const smaller = progress.smaller.get(key);
    const isBusy =
      smaller !== undefined && working.some((submission) => modelKey(submission.plan.model) === key);
    const [asked] = group.values();
    return isBusy || asked === undefined
      ? []
      : nextParts(stage, group, smaller).map((requests) => ({ settings: asked.settings, requests }));
  });
  const trial: StageReservation[] = [];
  try {
    for (const { settings, requests } of planned) trial.push(stage.reserve(settings, requests.length, false));
  } finally {
    for (const reservation of trial) reservation.release();
  }
  for (const { settings, requests } of planned)
    await stage.provider.files.plan(identityOf(settings), requests, submissions);
  return planned.length > 0;
}
