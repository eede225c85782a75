import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type {
  LangsmithMetricsSettings,
  MetricsSource,
  ObservationNote,
  ObserveRequest,
} from "../domain/metrics.ts";
import { langsmithApi } from "../http/langsmith.ts";
import { commitReader, envelopeOf, type CommitRow } from "../http/langsmith-commits.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import {
  readFeedback,
  readProject,
  readRuns,
  readTaggedRuns,
  type LangsmithFeedback,
  type LangsmithRun,
  type RunQuestion,
} from "./langsmith-rows.ts";
import { scoreNames } from "./scored-rows.ts";
import { tallyObservations } from "./tally-observations.ts";
import { createTally } from "./tally.ts";

/** Keys of metadata that name the prompt: LangChain's, and the ones of promptgate's client. */
const HUB_NAME = "lc_hub_repo";
const HUB_COMMIT = "lc_hub_commit_hash";
const OWN_NAME = "prompt.name";
const OWN_VERSION = "prompt.version";

const published = z.object({ schema: z.literal("promptgate/version@1"), version: z.string() });

/** The version that a commit is, as the registry has it: a copy that somebody edited is a version of its own. */
function versionsByHash(rows: readonly CommitRow[]): Map<string, string> {
  const versions = new Map<string, string>();
  const known = new Set<string>();
  for (const [at, { commit_hash: hash, manifest }] of rows.entries()) {
    const parsed = published.safeParse(envelopeOf(manifest));
    const ours = parsed.success && !known.has(parsed.data.version) ? parsed.data.version : null;
    if (ours !== null) known.add(ours);
    versions.set(hash, ours ?? `0.0.${at + 1}`);
  }
  return versions;
}

/** Null for a run of another prompt: a filter finds key and value wherever in the metadata they are. */
function versionOf(
  prompt: string,
  { metadata }: LangsmithRun,
  byHash: ReadonlyMap<string, string>,
): string | null {
  const { [OWN_NAME]: name, [OWN_VERSION]: version, [HUB_NAME]: repo, [HUB_COMMIT]: hash } = metadata;
  if (name === prompt && typeof version === "string") return version;
  return repo === prompt && typeof hash === "string" ? (byHash.get(hash) ?? null) : null;
}

/** One trace in which the prompt was used. */
interface Served {
  readonly version: string;
  /** The runs that name the prompt, oldest first. */
  readonly tagged: readonly LangsmithRun[];
}

/** Traces by the id of their root; those that used two versions of the prompt tell of neither. */
function servedTraces(
  prompt: string,
  runs: readonly LangsmithRun[],
  byHash: ReadonlyMap<string, string>,
): { readonly served: ReadonlyMap<string, Served>; readonly mixed: number } {
  const traces = new Map<string, { versions: Set<string>; tagged: LangsmithRun[] }>();
  for (const run of runs.toSorted((left, right) => left.startTime - right.startTime)) {
    const version = versionOf(prompt, run, byHash);
    if (version === null) continue;
    const trace = traces.get(run.traceId) ?? { versions: new Set<string>(), tagged: [] };
    trace.versions.add(version);
    trace.tagged.push(run);
    traces.set(run.traceId, trace);
  }
  const single = [...traces].flatMap(([id, { versions, tagged }]) => {
    const [version, ...others] = versions;
    return version === undefined || others.length > 0 ? [] : [[id, { version, tagged }] as const];
  });
  return { served: new Map(single), mixed: traces.size - single.length };
}

/** The newest score of each key, by run. */
function scoresByRun(feedback: readonly LangsmithFeedback[]): Map<string, Record<string, number | boolean>> {
  const scores = new Map<string, Record<string, number | boolean>>();
  for (const { runId, key, score } of feedback.toSorted((left, right) => left.at - right.at)) {
    scores.set(runId, { ...scores.get(runId), [key]: score });
  }
  return scores;
}

function unitOf(key: string | null, runs: readonly (LangsmithRun | undefined)[]): string | null {
  if (key === null) return null;
  const value = runs.map((run) => run?.metadata[key]).find((one) => one !== undefined && one !== null);
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

function notesOf(mixed: number, rootless: number): ObservationNote[] {
  const notes: [number, string][] = [
    [mixed, `${mixed} traces with several versions of the prompt were left out`],
    [rootless, `${rootless} traces whose root is not there yet count as served, and say nothing else`],
  ];
  return notes.flatMap(([count, message]) => (count === 0 ? [] : [{ kind: "incomplete", count, message }]));
}

/** Traces of the versions that were asked about, with their roots and the scores of all their runs. */
interface Production {
  readonly asked: readonly (readonly [root: string, served: Served])[];
  readonly roots: ReadonlyMap<string, LangsmithRun>;
  readonly scores: ReadonlyMap<string, Readonly<Record<string, number | boolean>>>;
  readonly mixed: number;
}

async function readProduction(
  api: PlatformApi,
  readCommits: ReturnType<typeof commitReader>,
  { prompt, versions, metrics }: ObserveRequest,
  question: RunQuestion,
): Promise<Production> {
  const runs = await readTaggedRuns(api, { keys: [HUB_NAME, OWN_NAME], value: prompt }, question);
  const isOnHub = runs.some(({ metadata }) => metadata[HUB_COMMIT] !== undefined);
  const byHash = versionsByHash(isOnHub ? await readCommits(prompt) : []);
  const { served, mixed } = servedTraces(prompt, runs, byHash);
  const asked = [...served].filter(([, { version }]) => versions.includes(version));
  const roots = new Map(runs.map((run) => [run.id, run]));
  const missing = asked.map(([id]) => id).filter((id) => !roots.has(id));
  for (const root of await readRuns(api, missing, question)) roots.set(root.id, root);
  const names = scoreNames(metrics);
  const ids = asked.flatMap(([id, { tagged }]) => [...new Set([id, ...tagged.map((run) => run.id)])]);
  const feedback = names.length === 0 ? [] : await readFeedback(api, names, ids, question);
  return { asked, roots, scores: scoresByRun(feedback), mixed };
}

/** Metrics from the traces that LangSmith was told of, one sample each, or one a user. */
export function langsmithMetrics(settings: LangsmithMetricsSettings): MetricsSource {
  const api = langsmithApi(settings, "METRICS_FAILED");
  const readCommits = commitReader(api);
  return {
    async observe(request, signal) {
      const { prompt, from, to, metrics } = request;
      if (signal.aborted) throw new GateError("INTERRUPTED", "reading the metrics was interrupted");
      const session = await readProject(api, settings.project, signal);
      const question = { session, from, to, signal };
      const { asked, roots, scores, mixed } = await readProduction(api, readCommits, request, question);
      const tally = createTally(request);
      for (const [id, { version, tagged }] of asked) {
        const root = roots.get(id);
        const unit = unitOf(settings.unit, [root, ...tagged]);
        const { isError: error = null, latencyMs = null, costUsd = null } = root ?? {};
        // What is said of the run that used the prompt says more than what is said of the whole trace.
        const said = [id, ...tagged.map((run) => run.id)].map((one) => scores.get(one) ?? {});
        const fields = { error, latencyMs, costUsd, scores: Object.assign({}, ...said) as object };
        tally.add({ at: tagged[0]?.startTime ?? from, prompt, version, unit, fields });
      }
      const rootless = asked.filter(([id]) => !roots.has(id)).length;
      const observed = tallyObservations(tally, metrics);
      return { ...observed, notes: [...(observed.notes ?? []), ...notesOf(mixed, rootless)] };
    },
  };
}
