import { GateError } from "../domain/errors.ts";
import type {
  MetricQuery,
  MetricsSource,
  Observation,
  Observations,
  ObserveRequest,
  PromptLayerMetricsSettings,
} from "../domain/metrics.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import { promptLayerApi, type PromptLayerConnection } from "../http/promptlayer.ts";
import { promptReader, versionsByNumber } from "../http/promptlayer-prompts.ts";
import {
  countByVersion,
  requestSearch,
  type RequestQuestion,
  type RequestSearch,
} from "../http/promptlayer-requests.ts";
import { tallyObservations } from "./tally-observations.ts";
import { createTally } from "./tally.ts";

/** Ten minutes of searching. */
const MOST_REQUESTS = 2500;

/** The prompt as PromptLayer knows it: its number, and the versions asked about by theirs. */
interface KnownPrompt {
  readonly promptId: number;
  readonly versions: ReadonlyMap<number, string>;
}

interface Surroundings {
  readonly api: PlatformApi;
  readonly search: RequestSearch;
  readonly settings: PromptLayerMetricsSettings;
  readonly signal: AbortSignal;
}

function isErrorRate({ name }: MetricQuery): boolean {
  return name === "error_rate";
}

function questionOf(
  { settings }: Surroundings,
  { promptId }: KnownPrompt,
  { from, to }: Pick<ObserveRequest, "from" | "to">,
): RequestQuestion {
  return { promptId, version: null, status: null, tag: settings.tag, from, to };
}

/** How many requests are too many to be read one by one; null = they can be. */
async function tooMany(
  surroundings: Surroundings,
  prompt: KnownPrompt,
  request: ObserveRequest,
): Promise<number | null> {
  let total = 0;
  for (const version of prompt.versions.keys()) {
    const question = { ...questionOf(surroundings, prompt, request), version };
    total += await surroundings.search.count(question, surroundings.signal);
  }
  return total > MOST_REQUESTS ? total : null;
}

/** Requests one by one, those of each version apart: a row does not say its version, nor how it went. */
async function observeRows(
  surroundings: Surroundings,
  prompt: KnownPrompt,
  request: ObserveRequest,
): Promise<Observations> {
  const { search, settings, signal } = surroundings;
  const tally = createTally(request);
  const all = questionOf(surroundings, prompt, request);
  for (const [number, version] of prompt.versions) {
    const question = { ...all, version: number };
    const rows = await search.read(question, signal);
    const failing = request.metrics.some(isErrorRate)
      ? await search.read({ ...question, status: "error" }, signal)
      : null;
    const failed = failing === null ? null : new Set(failing.map(({ id }) => id));
    for (const { id, at, latencyMs, costUsd, metadata, scores } of rows) {
      const value = settings.unit === null ? null : metadata[settings.unit];
      const unit = typeof value === "string" && value !== "" ? value : null;
      const fields = { error: failed?.has(id) ?? null, latencyMs, costUsd, scores };
      tally.add({ at, prompt: request.prompt, version, unit, fields });
    }
  }
  return tallyObservations(tally, request.metrics);
}

/** Requests and errors as PromptLayer counts them, however many there are. */
async function observeCounts(
  surroundings: Surroundings,
  prompt: KnownPrompt,
  request: ObserveRequest,
): Promise<Observations> {
  const { api, signal } = surroundings;
  const metrics = request.metrics.filter(isErrorRate);
  const observations: Observation[] = [];
  const assignments: Observations["assignments"][number][] = [];
  for (let bucket = request.from; bucket < request.to; bucket += request.bucketMs) {
    const time = { from: bucket, to: Math.min(bucket + request.bucketMs, request.to) };
    const question = questionOf(surroundings, prompt, time);
    const served = await countByVersion(api, question, signal);
    const isAsked = metrics.length > 0 && served.size > 0;
    const failed = isAsked ? await countByVersion(api, { ...question, status: "error" }, signal) : null;
    for (const [number, version] of prompt.versions) {
      const n = served.get(number) ?? 0;
      if (n === 0) continue;
      assignments.push({ version, bucket, n, newUnits: n });
      // More failed than there were a moment ago: the count went on between the two questions.
      const errors = Math.min(failed?.get(number) ?? 0, n);
      const sample = { kind: "proportion", n, errors } as const;
      observations.push(...metrics.map(({ name: metric }) => ({ metric, version, bucket, sample })));
    }
  }
  return { basis: "request", observations, assignments, errors: [], notes: [] };
}

function refusal(total: number): string {
  return `${total} requests are more than the ${MOST_REQUESTS} that PromptLayer lets anybody read in ten minutes`;
}

async function observePrompt(
  surroundings: Surroundings,
  prompt: KnownPrompt,
  request: ObserveRequest,
): Promise<Observations> {
  const { settings } = surroundings;
  const ofRows =
    settings.unit === null ? request.metrics.filter((one) => !isErrorRate(one)) : request.metrics;
  const needsRows = ofRows.length > 0 || settings.unit !== null;
  const total = needsRows ? await tooMany(surroundings, prompt, request) : null;
  if (settings.unit !== null) {
    if (total === null) return observeRows(surroundings, prompt, request);
    throw new GateError("METRICS_FAILED", `promptlayer: ${refusal(total)}`, {
      hint: "set unit: none to have errors counted there, or log requests for source jsonl or prometheus",
    });
  }
  const counts = await observeCounts(surroundings, prompt, request);
  if (total !== null) {
    const errors = ofRows.map(({ name: metric }) => ({ metric, message: refusal(total) }));
    return { ...counts, errors };
  }
  if (ofRows.length === 0) return counts;
  const rows = await observeRows(surroundings, prompt, { ...request, metrics: ofRows });
  return { ...counts, observations: [...counts.observations, ...rows.observations] };
}

/** Throws `METRICS_FAILED` where nothing is marked as succeeded or failed: a mark of another name would read as no errors. */
async function checkMarks(
  surroundings: Surroundings,
  prompt: KnownPrompt,
  request: ObserveRequest,
): Promise<void> {
  const all = questionOf(surroundings, prompt, request);
  for (const status of ["success", "error"] as const) {
    if ((await surroundings.search.count({ ...all, status }, surroundings.signal)) > 0) return;
  }
  throw new GateError("METRICS_FAILED", "promptlayer: no request is marked as succeeded or as failed", {
    hint: "log requests with their status: whether one failed is not known otherwise",
  });
}

const nothing: Observations = {
  basis: "request",
  observations: [],
  assignments: [],
  errors: [],
  notes: [],
};

/** Metrics from the requests that PromptLayer was told of, linked with a prompt and its version. */
export function promptLayerMetrics(
  settings: PromptLayerMetricsSettings & Pick<PromptLayerConnection, "wait">,
): MetricsSource {
  const api = promptLayerApi(settings, "METRICS_FAILED");
  const search = requestSearch(api, settings.wait);
  const readPrompt = promptReader(api);
  return {
    async observe(request, signal) {
      if (signal.aborted) throw new GateError("INTERRUPTED", "reading the metrics was interrupted");
      const rows = await readPrompt(request.prompt);
      const promptId = rows[0]?.id;
      const known = [...versionsByNumber(rows)].filter(([, version]) => request.versions.includes(version));
      if (promptId === undefined || known.length === 0) return nothing;
      const surroundings = { api, search, settings, signal };
      const prompt = { promptId, versions: new Map(known) };
      const observed = await observePrompt(surroundings, prompt, request);
      const hasErrorRate = observed.assignments.length > 0 && request.metrics.some(isErrorRate);
      if (hasErrorRate) await checkMarks(surroundings, prompt, request);
      return observed;
    },
  };
}
