import pLimit from "p-limit";
import * as z from "zod";
import {
  stableId,
  stableUuid,
  type Experiment,
  type ExperimentAnswer,
  type Exported,
  type ScoreExport,
} from "../domain/platform.ts";
import { promptReader, versionsByNumber } from "../http/langfuse-prompts.ts";
import type { LangfuseApi } from "../http/langfuse.ts";
import { otlpRequest, type OtlpSpan } from "../http/otlp.ts";

/** Not among those that count as production. */
const ENVIRONMENT = "sdk-experiment";
const SPANS_AT_ONCE = 50;
const CALLS_AT_ONCE = 4;

interface Export {
  readonly api: LangfuseApi;
  readonly experiment: Experiment;
  readonly signal: AbortSignal;
  /** Of the prompt on Langfuse, folder included. */
  readonly promptName: string;
}

/** Where the answers belong on the server. */
interface Place {
  readonly datasetId: string | null;
  readonly runId: string | null;
  /** Langfuse's number of the version; null while it is not published. */
  readonly promptVersion: number | null;
}

function traceId({ id }: Experiment, { caseId, sample }: ExperimentAnswer): string {
  return stableId(32, id, caseId, sample, "trace");
}

function spanId({ id }: Experiment, { caseId, sample }: ExperimentAnswer): string {
  return stableId(16, id, caseId, sample, "span");
}

function json(value: unknown): string | undefined {
  return value === undefined ? undefined : typeof value === "string" ? value : JSON.stringify(value);
}

function usageOf({ inputTokens, outputTokens }: ExperimentAnswer): string | undefined {
  if (inputTokens === null || outputTokens === null) return undefined;
  return JSON.stringify({ input: inputTokens, output: outputTokens });
}

function spanOf({ experiment, promptName }: Export, place: Place, answer: ExperimentAnswer): OtlpSpan {
  const { id, name, prompt, side, version, digest, at, dataset, link, model } = experiment;
  const startMs = Date.parse(at);
  const ownSpan = spanId(experiment, answer);
  const linked = place.promptVersion !== null;
  return {
    traceId: traceId(experiment, answer),
    spanId: ownSpan,
    name: prompt,
    startMs,
    endMs: startMs + (answer.latencyMs ?? 0),
    attributes: {
      "langfuse.environment": ENVIRONMENT,
      "langfuse.version": version,
      "langfuse.trace.name": name,
      "langfuse.observation.type": "generation",
      "langfuse.observation.input": JSON.stringify(answer.input),
      "langfuse.observation.output": answer.output ?? undefined,
      "langfuse.observation.model.name": model ?? undefined,
      "langfuse.observation.usage_details": usageOf(answer),
      "langfuse.observation.cost_details":
        answer.costUsd === null ? undefined : JSON.stringify({ total: answer.costUsd }),
      "langfuse.observation.prompt.name": linked ? promptName : undefined,
      "langfuse.observation.prompt.version": place.promptVersion ?? undefined,
      "langfuse.experiment.id": place.runId ?? stableUuid(id),
      "langfuse.experiment.name": name,
      "langfuse.experiment.description": experiment.headline,
      "langfuse.experiment.metadata": JSON.stringify({ side, version, digest, link }),
      "langfuse.experiment.dataset.id": place.datasetId ?? undefined,
      "langfuse.experiment.item.id": answer.caseId,
      "langfuse.experiment.item.version": dataset?.version,
      "langfuse.experiment.item.root_observation_id": ownSpan,
      "langfuse.experiment.item.expected_output": json(answer.expected),
    },
  };
}

const datasetRow = z.object({ id: z.string() });
const runRow = z.object({ id: z.string(), datasetRunItems: z.array(z.object({ traceId: z.string() })) });
const runItemRow = z.object({ datasetRunId: z.string() });

async function datasetId({ api, experiment, signal }: Export): Promise<string | null> {
  if (experiment.dataset === null) return null;
  const path = `/api/public/v2/datasets/${encodeURIComponent(experiment.dataset.name)}`;
  return api.read(datasetRow, await api.send({ method: "GET", path, signal })).id;
}

/** Links traces to items of the dataset, where the server keeps runs in that form; null where it does not. */
async function linkItems({ api, experiment, signal }: Export): Promise<string | null> {
  const { dataset, name, answers } = experiment;
  if (dataset === null) return null;
  const path = `/api/public/datasets/${encodeURIComponent(dataset.name)}/runs/${encodeURIComponent(name)}`;
  const known = await api.send({ method: "GET", path, accept: [404], signal });
  const stored = known.status === 404 ? null : api.read(runRow, known);
  const linked = new Set(stored?.datasetRunItems.map((row) => row.traceId));
  const missing = answers.filter((answer) => !linked.has(traceId(experiment, answer)));
  let runId = stored?.id ?? null;

  async function link(answer: ExperimentAnswer): Promise<boolean> {
    const body = {
      runName: name,
      runDescription: experiment.headline,
      metadata: { side: experiment.side, version: experiment.version, link: experiment.link },
      datasetItemId: answer.caseId,
      traceId: traceId(experiment, answer),
      observationId: spanId(experiment, answer),
      ...(dataset?.version === undefined ? {} : { datasetVersion: dataset.version }),
    };
    const request = { method: "POST", path: "/api/public/dataset-run-items", body, signal } as const;
    const answered = await api.send({ ...request, accept: [404] });
    if (answered.status === 404) return false;
    runId = api.read(runItemRow, answered).datasetRunId;
    return true;
  }

  // The first one alone makes the run: several at once would make it several times.
  const [first, ...others] = missing;
  if (first === undefined || !(await link(first))) return runId;
  await pLimit(CALLS_AT_ONCE).map(others, link);
  return runId;
}

async function writeSpans(written: Export, place: Place): Promise<void> {
  const { api, experiment, signal } = written;
  const spans = experiment.answers.map((answer) => spanOf(written, place, answer));
  for (let start = 0; start < spans.length; start += SPANS_AT_ONCE) {
    await api.send({
      method: "POST",
      path: "/api/public/otel/v1/traces",
      headers: { "x-langfuse-ingestion-version": "4" },
      body: otlpRequest("promptgate", spans.slice(start, start + SPANS_AT_ONCE)),
      // The ids are the same each time.
      repeatable: true,
      signal,
    });
  }
}

interface Score {
  readonly id: string;
  readonly name: string;
  readonly value: number;
  readonly subject: Readonly<Record<string, string>>;
}

function scoresOf(experiment: Experiment, { runId }: Place): Score[] {
  const { id } = experiment;
  const answered = experiment.answers.flatMap((answer) => {
    const subject = { traceId: traceId(experiment, answer), observationId: spanId(experiment, answer) };
    return Object.entries(answer.scores).flatMap(([name, value]) =>
      value === null
        ? []
        : [{ id: stableUuid(id, answer.caseId, answer.sample, "score", name), name, value, subject }],
    );
  });
  const means = Object.entries(experiment.means).flatMap(([name, value]) =>
    value === null || runId === null
      ? []
      : [{ id: stableUuid(id, "mean", name), name, value, subject: { datasetRunId: runId } }],
  );
  return [...answered, ...means];
}

async function writeScores({ api, signal }: Export, scores: readonly Score[]): Promise<void> {
  await pLimit(CALLS_AT_ONCE).map(scores, async ({ subject, ...score }) => {
    const body = { ...score, ...subject, dataType: "NUMERIC", environment: ENVIRONMENT };
    await api.send({ method: "POST", path: "/api/public/scores", body, repeatable: true, signal });
  });
}

const projectRows = z.object({ data: z.array(z.object({ id: z.string() })) });

async function urlOf({ api, signal }: Export, baseUrl: string, place: Place): Promise<string | null> {
  const answer = await api.send({ method: "GET", path: "/api/public/projects", signal });
  const project = api.read(projectRows, answer).data[0]?.id;
  if (project === undefined) return null;
  const { datasetId: dataset, runId } = place;
  const at = `${baseUrl}/project/${encodeURIComponent(project)}`;
  if (dataset === null || runId === null) return `${at}/traces`;
  return `${at}/datasets/${encodeURIComponent(dataset)}/runs/${encodeURIComponent(runId)}`;
}

function notesOf({ experiment }: Export, { promptVersion }: Place): string[] {
  const missing = experiment.answers.filter(({ output }) => output === null).length;
  return [
    ...(missing === 0 ? [] : [`${missing} answers are no longer kept here: their scores went without them`]),
    ...(promptVersion === null
      ? [
          `version ${experiment.version} is not on Langfuse, so nothing links to it: publish it and export again`,
        ]
      : []),
  ];
}

/** Answers as traces of an experiment, linked to prompt version and dataset items, with a score for each metric. */
export function langfuseScores(
  api: LangfuseApi,
  { baseUrl, folder }: { readonly baseUrl: string; readonly folder: string },
): ScoreExport {
  const readPrompt = promptReader(api);

  async function numberOf(name: string, wanted: string): Promise<number | null> {
    const versions = versionsByNumber((await readPrompt(name)).rows);
    return [...versions].find(([, version]) => version === wanted)?.[0] ?? null;
  }

  return {
    kind: "scores",
    async write(experiment, signal): Promise<Exported> {
      const promptName = folder === "" ? experiment.prompt : `${folder}/${experiment.prompt}`;
      const written: Export = { api, experiment, signal, promptName };
      const place: Place = {
        datasetId: await datasetId(written),
        runId: await linkItems(written),
        promptVersion: experiment.published ? await numberOf(promptName, experiment.version) : null,
      };
      await writeSpans(written, place);
      const scores = scoresOf(experiment, place);
      await writeScores(written, scores);
      return {
        answers: experiment.answers.length,
        scores: scores.length,
        url: await urlOf(written, baseUrl, place),
        notes: notesOf(written, place),
      };
    },
  };
}
