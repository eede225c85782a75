import { GateError } from "../domain/errors.ts";
import type {
  LangfuseMetricsSettings,
  MetricQuery,
  MetricsSource,
  ObservationNote,
} from "../domain/metrics.ts";
import { langfuseApi } from "../http/langfuse.ts";
import { promptReader, versionsByNumber } from "../http/langfuse-prompts.ts";
import { readGenerations, readScores, type LangfuseGeneration, type LangfuseScore } from "./langfuse-rows.ts";
import { tallyObservations } from "./tally-observations.ts";
import { createTally } from "./tally.ts";

/** Metrics that are no scores: they stand in the row of the generation. */
const FIELDS = new Set(["error_rate", "latency", "cost"]);

function scoreNames(metrics: readonly MetricQuery[]): string[] {
  return [...new Set(metrics.map(({ name }) => name))].filter((name) => !FIELDS.has(name));
}

/** The newest score of each name; a score of a trace counts where the trace has one generation of the prompt. */
function scoresByGeneration(
  generations: readonly LangfuseGeneration[],
  scores: readonly LangfuseScore[],
): { readonly scores: Map<string, Record<string, number | boolean>>; readonly ambiguous: number } {
  const inTrace = new Map<string, LangfuseGeneration[]>();
  for (const one of generations) inTrace.set(one.traceId, [...(inTrace.get(one.traceId) ?? []), one]);
  const found = new Map<string, Record<string, number | boolean>>();
  let ambiguous = 0;
  const byTime = scores.toSorted((left, right) => Date.parse(left.timestamp) - Date.parse(right.timestamp));
  // A generation's own score says more than its trace's.
  const ordered = [
    ...byTime.filter((one) => one.observationId === null),
    ...byTime.filter((one) => one.observationId !== null),
  ];
  for (const { name, value, traceId, observationId } of ordered) {
    const own = inTrace.get(traceId) ?? [];
    if (observationId === null && own.length !== 1) ambiguous += 1;
    const id = observationId ?? (own.length === 1 ? own[0]?.id : undefined);
    if (id !== undefined) found.set(id, { ...found.get(id), [name]: value });
  }
  return { scores: found, ambiguous };
}

function unitOf(unit: LangfuseMetricsSettings["unit"], generation: LangfuseGeneration): string | null {
  switch (unit) {
    case "user":
      return generation.userId;
    case "session":
      return generation.sessionId;
    case "none":
      return null;
  }
}

function ambiguousNotes(count: number): ObservationNote[] {
  if (count === 0) return [];
  const message = `${count} scores of traces with several generations of the prompt were left out: score the generation`;
  return [{ kind: "incomplete", count, message }];
}

/** Metrics from the generations that Langfuse was told of, one sample each, or one a user or session. */
export function langfuseMetrics(settings: LangfuseMetricsSettings): MetricsSource {
  const api = langfuseApi(settings, "METRICS_FAILED");
  const readPrompt = promptReader(api);
  return {
    async observe(request, signal) {
      const { prompt, from, to, metrics } = request;
      const name = settings.folder === "" ? prompt : `${settings.folder}/${prompt}`;
      const tally = createTally(request);
      if (signal.aborted) throw new GateError("INTERRUPTED", "reading the metrics was interrupted");
      const versions = versionsByNumber((await readPrompt(name)).rows);
      const question = { name, environments: settings.environments, from, to, signal };
      const asked = (await readGenerations(api, question)).filter(({ promptVersion }) =>
        request.versions.includes(versions.get(promptVersion) ?? ""),
      );
      const names = scoreNames(metrics);
      const traces = names.length === 0 ? [] : [...new Set(asked.map(({ traceId }) => traceId))];
      const { scores, ambiguous } = scoresByGeneration(asked, await readScores(api, names, traces, question));
      for (const generation of asked) {
        const { id, startTime, promptVersion, isError, latencyMs, costUsd } = generation;
        const unit = unitOf(settings.unit, generation);
        const fields = { error: isError, latencyMs, costUsd, scores: scores.get(id) ?? {} };
        const version = versions.get(promptVersion) ?? "";
        tally.add({ at: Date.parse(startTime), prompt, version, unit, fields });
      }
      const observed = tallyObservations(tally, metrics);
      return { ...observed, notes: [...(observed.notes ?? []), ...ambiguousNotes(ambiguous)] };
    },
  };
}
