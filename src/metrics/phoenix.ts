import { GateError } from "../domain/errors.ts";
import type { MetricsSource, ObserveRequest, PhoenixMetricsSettings } from "../domain/metrics.ts";
import { phoenixApi } from "../http/phoenix.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import {
  checkProject,
  readCosts,
  readScores,
  readSpans,
  type PhoenixCosts,
  type PhoenixSpan,
  type SpanQuestion,
} from "./phoenix-rows.ts";
import { ambiguousNotes, scoreNames, scoresByRow, type RowScore } from "./scored-rows.ts";
import { tallyObservations } from "./tally-observations.ts";
import { createTally } from "./tally.ts";

const UNITS = { user: "user.id", session: "session.id" } as const;

function unitOf(unit: PhoenixMetricsSettings["unit"], { attributes }: PhoenixSpan): string | null {
  const value = unit === "none" ? null : attributes[UNITS[unit]];
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

/** Scores of the spans, and of the traces of those that have no score of some name. */
async function scoresOf(
  api: PlatformApi,
  spans: readonly PhoenixSpan[],
  names: readonly string[],
  question: SpanQuestion,
): Promise<readonly RowScore[]> {
  const own = await readScores(api, "span", { ids: spans.map(({ id }) => id), names }, question);
  const known = new Set(own.map(({ name, rowId }) => `${rowId} ${name}`));
  const lacking = spans.filter(({ id }) => names.some((name) => !known.has(`${id} ${name}`)));
  const traces = [...new Set(lacking.map(({ traceId }) => traceId))];
  return [...own, ...(await readScores(api, "trace", { ids: traces, names }, question))];
}

/** Costs of spans, and why there are none where Phoenix cannot tell. */
async function costsOf(
  api: PlatformApi,
  { metrics }: ObserveRequest,
  question: SpanQuestion,
): Promise<{ readonly costs: PhoenixCosts; readonly failure: string | null }> {
  if (!metrics.some(({ name }) => name === "cost")) return { costs: new Map(), failure: null };
  try {
    return { costs: await readCosts(api, question), failure: null };
  } catch (error) {
    // The query is no promise of Phoenix's: without it all other metrics still are.
    if (!(error instanceof GateError) || error.code !== "METRICS_FAILED") throw error;
    return { costs: new Map(), failure: error.message };
  }
}

/** What a span cost; a trace's costs are those of its span where the prompt was used once in it. */
function costOf(
  { id, traceId }: PhoenixSpan,
  costs: PhoenixCosts,
  uses: ReadonlyMap<string, number>,
): number | null {
  const cost = costs.get(id);
  if (cost === undefined) return null;
  return cost.own ?? (uses.get(traceId) === 1 ? cost.trace : null);
}

/** Metrics from the spans that the client marked, one sample each, or one a user or session. */
export function phoenixMetrics(settings: PhoenixMetricsSettings): MetricsSource {
  const api = phoenixApi(settings, "METRICS_FAILED");
  return {
    async observe(request, signal) {
      if (signal.aborted) throw new GateError("INTERRUPTED", "reading the metrics was interrupted");
      const { prompt, from, to, versions } = request;
      const question = { project: settings.project, prompt, from, to, signal };
      await checkProject(api, question);
      const spans = await readSpans(api, question);
      const asked = spans.filter(({ version }) => versions.includes(version));
      const names = scoreNames(request.metrics);
      const { scores, ambiguous } = scoresByRow(spans, await scoresOf(api, asked, names, question));
      const { costs, failure } = await costsOf(api, request, question);
      const uses = new Map<string, number>();
      for (const { traceId } of spans) uses.set(traceId, (uses.get(traceId) ?? 0) + 1);
      const tally = createTally(request);
      for (const span of asked) {
        const { id, start, latencyMs, isError, version } = span;
        const costUsd = costOf(span, costs, uses);
        const fields = { error: isError, latencyMs, costUsd, scores: scores.get(id) ?? {} };
        tally.add({ at: start, prompt, version, unit: unitOf(settings.unit, span), fields });
      }
      const observed = tallyObservations(tally, request.metrics);
      return {
        ...observed,
        errors: [...observed.errors, ...(failure === null ? [] : [{ metric: "cost", message: failure }])],
        notes: [...(observed.notes ?? []), ...ambiguousNotes(ambiguous, "span")],
      };
    },
  };
}
