import pLimit from "p-limit";
import * as z from "zod";
import {
  stableUuid,
  type Experiment,
  type ExperimentAnswer,
  type Exported,
  type ScoreExport,
} from "../domain/platform.ts";
import { findDataset } from "../http/langsmith-datasets.ts";
import type { PlatformApi } from "../http/platform-api.ts";

const RUNS_AT_ONCE = 50;
const PAGE = 100;
const CALLS_AT_ONCE = 4;

interface Export {
  readonly api: PlatformApi;
  readonly experiment: Experiment;
  readonly signal: AbortSignal;
  readonly datasetId: string | null;
  /** Of the experiment; runs and scores are written into it. */
  readonly session: string;
}

function runId({ id }: Experiment, { caseId, sample }: ExperimentAnswer): string {
  return stableUuid(id, caseId, sample, "run");
}

/** `20261120T120000000000Z` and the id: how LangSmith sorts the runs of a trace. */
function dottedOrder(startMs: number, id: string): string {
  const digits = new Date(startMs).toISOString().replaceAll(/[-:.Z]/g, "");
  return `${digits}000Z${id}`;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function usageOf({ inputTokens, outputTokens, costUsd }: ExperimentAnswer): object {
  if (inputTokens === null || outputTokens === null) return {};
  const tokens = { input_tokens: inputTokens, output_tokens: outputTokens };
  const total = { total_tokens: inputTokens + outputTokens };
  return { usage_metadata: { ...tokens, ...total, ...(costUsd === null ? {} : { total_cost: costUsd }) } };
}

function runOf({ experiment, datasetId, session }: Export, answer: ExperimentAnswer): object {
  const { prompt, side, version, digest, at, model } = experiment;
  const id = runId(experiment, answer);
  const startMs = Date.parse(at);
  const linked = datasetId !== null && UUID.test(answer.caseId);
  const facts = { side, "prompt.name": prompt, "prompt.version": version, "prompt.digest": digest };
  const place = { case_id: answer.caseId, sample: answer.sample };
  const named = model === null ? {} : { ls_model_name: model };
  return {
    id,
    trace_id: id,
    dotted_order: dottedOrder(startMs, id),
    session_id: session,
    name: prompt,
    run_type: "llm",
    start_time: new Date(startMs).toISOString(),
    end_time: new Date(startMs + (answer.latencyMs ?? 0)).toISOString(),
    status: "success",
    inputs: answer.input,
    ...(answer.output === null ? {} : { outputs: { output: answer.output } }),
    ...(linked ? { reference_example_id: answer.caseId } : {}),
    extra: { metadata: { ...facts, ...place, ...named, ...usageOf(answer) } },
  };
}

const session = z.object({ id: z.string(), tenant_id: z.string() });

/** The experiment itself: a tracing project, of the dataset where the cases come from one on LangSmith. */
async function writeSession({ api, experiment, signal, ...place }: Export): Promise<z.infer<typeof session>> {
  const { name, headline, at, side, prompt, version, digest, verdict, datasetDigest, link } = experiment;
  const metadata = { side, prompt, version, digest, verdict, datasetDigest, link };
  const body = {
    id: place.session,
    name,
    description: headline,
    start_time: at,
    ...(place.datasetId === null ? {} : { reference_dataset_id: place.datasetId }),
    extra: { metadata },
  };
  const query = { upsert: "true" };
  const request = { method: "POST", path: "/sessions", query, body, repeatable: true, signal } as const;
  return api.read(session, await api.send(request));
}

const storedRuns = z.object({ runs: z.array(z.object({ id: z.string() })) });

/** Writes the runs that are not there yet; one that was written meanwhile is refused, and is there all the same. */
async function writeRuns(written: Export, answers: readonly ExperimentAnswer[]): Promise<void> {
  const { api, experiment, signal } = written;
  const id = answers.map((answer) => runId(experiment, answer));
  const asked = { session: [written.session], id, select: ["id"], limit: 100 };
  const look = { method: "POST", path: "/runs/query", body: asked, repeatable: true, signal } as const;
  const known = new Set(api.read(storedRuns, await api.send(look)).runs.map((run) => run.id));
  const missing = answers.filter((answer) => !known.has(runId(experiment, answer)));
  if (missing.length === 0) return;
  const post = async (some: readonly ExperimentAnswer[]): Promise<number> => {
    const body = { post: some.map((answer) => runOf(written, answer)), patch: [] };
    const request = { method: "POST", path: "/runs/batch", body, repeatable: true, signal } as const;
    return (await api.send({ ...request, accept: [409] })).status;
  };
  // Of a batch that is refused for one run, the others may not have been taken.
  if ((await post(missing)) === 409) for (const answer of missing) await post([answer]);
}

interface Score {
  readonly id: string;
  readonly key: string;
  readonly score: number;
  readonly run_id?: string;
  readonly trace_id?: string;
}

function scoresOf(experiment: Experiment, answer: ExperimentAnswer): Score[] {
  const run = runId(experiment, answer);
  return Object.entries(answer.scores).flatMap(([key, score]) => {
    const id = stableUuid(experiment.id, answer.caseId, answer.sample, "score", key);
    return score === null ? [] : [{ id, key, score, run_id: run, trace_id: run }];
  });
}

function meansOf({ id, means }: Experiment): Score[] {
  return Object.entries(means).flatMap(([key, score]) =>
    score === null ? [] : [{ id: stableUuid(id, "mean", key), key, score }],
  );
}

const feedbackRows = z.array(z.object({ id: z.string() }));

/** Ids of the scores that are there already, of some runs or of the experiment. */
async function storedScores(
  { api, signal }: Export,
  of: "run" | "session",
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const asked = new URLSearchParams(of === "session" ? { level: "session" } : {});
  for (const id of ids) asked.append(of, id);
  const path = `/feedback?${asked.toString()}`;
  for (let offset = 0; ; offset += PAGE) {
    const request = { method: "GET", path, query: { limit: PAGE, offset }, signal } as const;
    const rows = api.read(feedbackRows, await api.send(request));
    for (const { id } of rows) found.add(id);
    if (rows.length < PAGE) return found;
  }
}

/** Writes the scores that are not there yet: each has an id of its own. */
async function writeScores(
  written: Export,
  scores: readonly Score[],
  stored: ReadonlySet<string>,
): Promise<void> {
  const { api, experiment, signal } = written;
  const missing = scores.filter(({ id }) => !stored.has(id));
  await pLimit(CALLS_AT_ONCE).map(missing, async (score) => {
    const body = { ...score, session_id: written.session, created_at: experiment.at };
    const request = { method: "POST", path: "/feedback", body, repeatable: true, signal } as const;
    // 409: it was written when its answer was lost.
    await api.send({ ...request, accept: [409] });
  });
}

/** Where people see an experiment: the address of the API without what makes it one. */
function urlOf(baseUrl: string, { datasetId, session: id }: Export, tenant: string): string {
  const site = baseUrl.replace(/\/api(?:\/v1)?$/, "").replace(/:\/\/((?:\w+\.)?)api\.smith\./, "://$1smith.");
  const place = `${site}/o/${encodeURIComponent(tenant)}`;
  return datasetId === null
    ? `${place}/projects/p/${id}`
    : `${place}/datasets/${encodeURIComponent(datasetId)}/compare?selectedSessions=${id}`;
}

function notesOf({ experiment, datasetId }: Export): string[] {
  const { answers } = experiment;
  const missing = answers.filter(({ output }) => output === null).length;
  const unlinked = datasetId === null ? 0 : answers.filter(({ caseId }) => !UUID.test(caseId)).length;
  return [
    ...(missing === 0 ? [] : [`${missing} answers are no longer kept here: their scores went without them`]),
    ...(unlinked === 0 ? [] : [`${unlinked} cases have ids that no example on LangSmith can have`]),
  ];
}

/** Answers as runs of an experiment, linked to the examples they answer, with feedback for each metric. */
export function langsmithScores(api: PlatformApi, baseUrl: string): ScoreExport {
  return {
    kind: "scores",
    async write(experiment, signal): Promise<Exported> {
      const { dataset, answers, id } = experiment;
      const datasetId = dataset === null ? null : await findDataset(api, dataset.name, signal);
      const planned = { api, experiment, signal, datasetId, session: stableUuid(id, "experiment") };
      const { id: stored, tenant_id: tenant } = await writeSession(planned);
      const written: Export = { ...planned, session: stored };
      for (let start = 0; start < answers.length; start += RUNS_AT_ONCE) {
        const some = answers.slice(start, start + RUNS_AT_ONCE);
        await writeRuns(written, some);
        const ids = some.map((answer) => runId(experiment, answer));
        const scores = some.flatMap((answer) => scoresOf(experiment, answer));
        await writeScores(written, scores, await storedScores(written, "run", ids));
      }
      const means = meansOf(experiment);
      await writeScores(written, means, await storedScores(written, "session", [stored]));
      const ofAnswers = answers.flatMap((answer) => scoresOf(experiment, answer));
      return {
        answers: answers.length,
        scores: ofAnswers.length + means.length,
        url: urlOf(baseUrl, written, tenant),
        notes: notesOf(written),
      };
    },
  };
}
