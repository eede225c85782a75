import { GateError } from "../domain/errors.ts";
import type { LangfuseMetricsSettings, MetricsSource } from "../domain/metrics.ts";
import { langfuseApi } from "../http/langfuse.ts";
import { promptReader, versionsByNumber } from "../http/langfuse-prompts.ts";
import { readGenerations, readScores, type LangfuseGeneration } from "./langfuse-rows.ts";
import { ambiguousNotes, scoreNames, scoresByRow } from "./scored-rows.ts";
import { tallyObservations } from "./tally-observations.ts";
import { createTally } from "./tally.ts";

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
      const read = await readScores(api, names, traces, question);
      const { scores, ambiguous } = scoresByRow(
        asked,
        read.map(({ observationId: rowId, ...score }) => ({ ...score, rowId })),
      );
      for (const generation of asked) {
        const { id, startTime, promptVersion, isError, latencyMs, costUsd } = generation;
        const unit = unitOf(settings.unit, generation);
        const fields = { error: isError, latencyMs, costUsd, scores: scores.get(id) ?? {} };
        const version = versions.get(promptVersion) ?? "";
        tally.add({ at: Date.parse(startTime), prompt, version, unit, fields });
      }
      const observed = tallyObservations(tally, metrics);
      return { ...observed, notes: [...(observed.notes ?? []), ...ambiguousNotes(ambiguous, "generation")] };
    },
  };
}
