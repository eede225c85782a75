import pLimit from "p-limit";
import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Experiment, ExperimentAnswer, ScoreExport } from "../domain/platform.ts";
import { findDataset, readExamples } from "../http/phoenix-datasets.ts";
import { phoenixRows } from "../http/phoenix.ts";
import type { PlatformApi } from "../http/platform-api.ts";

const CALLS_AT_ONCE = 4;
const PAGE = 1000;

interface Export {
  readonly api: PlatformApi;
  readonly experiment: Experiment;
  readonly signal: AbortSignal;
}

/** Where the answers belong: a dataset, one of its versions, and its examples by the ids of cases. */
interface Place {
  readonly dataset: string;
  readonly version: string;
  readonly examples: ReadonlyMap<string, string>;
}

const experimentRow = z.object({ id: z.string(), metadata: z.record(z.string(), z.unknown()).nullish() });
const runRow = z.object({ id: z.string(), dataset_example_id: z.string(), repetition_number: z.int() });
const created = z.object({ data: z.object({ id: z.string() }) });

/** Cases of a file become a dataset of their own: an experiment has none without. Runs of the same cases share it. */
async function uploadCases({ api, experiment, signal }: Export): Promise<string> {
  const name = `promptgate ${experiment.prompt} ${experiment.datasetDigest.slice(-12)}`;
  const dataset = await findDataset(api, name, signal);
  const known = dataset === null ? null : await readExamples(api, { dataset, version: undefined }, signal);
  const ids = new Set(known?.examples.map(({ id }) => id));
  const cases = new Map(experiment.answers.map((answer) => [answer.caseId, answer]));
  // A run that was decided early had fewer of them.
  const missing = [...cases.values()].filter(({ caseId }) => !ids.has(caseId));
  if (missing.length === 0) return name;
  const body = {
    action: "append",
    name,
    inputs: missing.map(({ input }) => input),
    outputs: missing.map(({ expected }) => (expected === undefined ? {} : { expected })),
    metadata: missing.map(() => ({})),
    example_ids: missing.map(({ caseId }) => caseId),
  };
  const request = { method: "POST", path: "/v1/datasets/upload", query: { sync: "true" }, body } as const;
  // What has an id of its own is replaced by itself.
  await api.send({ ...request, repeatable: true, signal });
  return name;
}

async function placeOf(written: Export): Promise<Place> {
  const { api, experiment, signal } = written;
  const name = experiment.dataset?.name ?? (await uploadCases(written));
  const dataset = await findDataset(api, name, signal);
  const version = experiment.dataset?.version;
  const found = dataset === null ? null : await readExamples(api, { dataset, version }, signal);
  if (dataset === null || found === null) {
    throw new GateError(
      "DATASET_INVALID",
      `phoenix: the dataset of ${experiment.prompt} is not there any more`,
      {
        hint: "check its name and version in the config",
      },
    );
  }
  const { examples, version_id: used } = found;
  return {
    dataset,
    version: used,
    examples: new Map(examples.map(({ id, node_id: node }) => [id, node ?? id])),
  };
}

/** The experiment on Phoenix, made where it is not there yet: it is known by our own id in its metadata. */
async function experimentId(
  { api, experiment, signal }: Export,
  { dataset, version }: Place,
): Promise<string> {
  const path = `/v1/datasets/${encodeURIComponent(dataset)}/experiments`;
  const rows = await phoenixRows(api, experimentRow, { path, limit: PAGE, signal });
  const known = rows.find(({ metadata }) => metadata?.["promptgate"] === experiment.id);
  if (known !== undefined) return known.id;
  const { id, name, headline, answers, side, prompt, digest, model, verdict, link, means } = experiment;
  const body = {
    name,
    description: headline,
    version_id: version,
    repetitions: Math.max(1, ...answers.map(({ sample }) => sample + 1)),
    metadata: {
      promptgate: id,
      prompt,
      version: experiment.version,
      side,
      digest,
      model,
      verdict,
      link,
      means,
    },
  };
  return api.read(created, await api.send({ method: "POST", path, body, signal })).data.id;
}

function runKey(example: string, repetition: number): string {
  return `${repetition} ${example}`;
}

function times(
  { at }: Experiment,
  { latencyMs }: ExperimentAnswer,
): { start_time: string; end_time: string } {
  const start = Date.parse(at);
  return { start_time: at, end_time: new Date(start + (latencyMs ?? 0)).toISOString() };
}

/** Runs that are there, by example and repetition. */
async function knownRuns({ api, signal }: Export, id: string): Promise<Map<string, string>> {
  const path = `/v1/experiments/${encodeURIComponent(id)}/runs`;
  const rows = await phoenixRows(api, runRow, { path, limit: PAGE, signal });
  return new Map(rows.map((row) => [runKey(row.dataset_example_id, row.repetition_number), row.id]));
}

interface Answered {
  readonly answer: ExperimentAnswer;
  readonly example: string;
}

/** Writes the answers that are not there yet; all of them by example and repetition. */
async function writeRuns(
  written: Export,
  id: string,
  answered: readonly Answered[],
): Promise<Map<string, string>> {
  const { api, experiment, signal } = written;
  const runs = await knownRuns(written, id);
  await pLimit(CALLS_AT_ONCE).map(answered, async ({ answer, example }) => {
    const repetition = answer.sample + 1;
    if (runs.has(runKey(example, repetition))) return;
    const body = {
      dataset_example_id: example,
      output: answer.output,
      repetition_number: repetition,
      ...times(experiment, answer),
    };
    const path = `/v1/experiments/${encodeURIComponent(id)}/runs`;
    const sent = await api.send({ method: "POST", path, body, accept: [409], signal });
    if (sent.status !== 409) runs.set(runKey(example, repetition), api.read(created, sent).data.id);
  });
  const isMissing = answered.some(({ answer, example }) => !runs.has(runKey(example, answer.sample + 1)));
  // Somebody exports the same at the same time: theirs are there now.
  return isMissing ? knownRuns(written, id) : runs;
}

/** Writes every score; one that is there is replaced by itself. Returns how many there are. */
async function writeEvaluations(
  { api, experiment, signal }: Export,
  runs: ReadonlyMap<string, string>,
  answered: readonly Answered[],
): Promise<number> {
  const scores = answered.flatMap(({ answer, example }) =>
    Object.entries(answer.scores).flatMap(([name, score]) => {
      const run = runs.get(runKey(example, answer.sample + 1));
      return score === null || run === undefined ? [] : [{ run, name, score, answer }];
    }),
  );
  await pLimit(CALLS_AT_ONCE).map(scores, async ({ run, name, score, answer }) => {
    const own = { experiment_run_id: run, name, annotator_kind: "CODE", result: { score } };
    const body = { ...own, ...times(experiment, answer) };
    await api.send({ method: "POST", path: "/v1/experiment_evaluations", body, repeatable: true, signal });
  });
  return scores.length;
}

function notesOf({ answers }: Experiment, answered: readonly Answered[]): string[] {
  const foreign = answers.length - answered.length;
  const lost = answered.filter(({ answer }) => answer.output === null).length;
  return [
    ...(foreign === 0 ? [] : [`${foreign} answers are to cases that the dataset on Phoenix does not have`]),
    ...(lost === 0 ? [] : [`${lost} answers are no longer kept here: their scores went without them`]),
  ];
}

/** Answers as runs of an experiment, with an evaluation for each metric. */
export function phoenixScores(api: PlatformApi, baseUrl: string): ScoreExport {
  return {
    kind: "scores",
    async write(experiment, signal) {
      const written = { api, experiment, signal };
      const place = await placeOf(written);
      const answered = experiment.answers.flatMap((answer): Answered[] => {
        const example = place.examples.get(answer.caseId);
        return example === undefined ? [] : [{ answer, example }];
      });
      const id = await experimentId(written, place);
      const runs = await writeRuns(written, id, answered);
      const scores = await writeEvaluations(written, runs, answered);
      const { dataset } = place;
      const url = `${baseUrl}/datasets/${encodeURIComponent(dataset)}/compare?experimentId=${encodeURIComponent(id)}`;
      return { answers: answered.length, scores, url, notes: notesOf(experiment, answered) };
    },
  };
}
