import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { LogfireMetricsSettings, MetricsSource, ObservationNote } from "../domain/metrics.ts";
import { logfireAddress, logfireApi } from "../http/logfire.ts";
import {
  logfireVariables,
  shownVersions,
  variableName,
  type LogfireVariable,
  type LogfireVariables,
} from "../http/logfire-variables.ts";
import { readScores, readSpans, type LogfireSpan } from "./logfire-rows.ts";
import { ambiguousNotes, scoreNames, scoresByRow } from "./scored-rows.ts";
import { tallyObservations } from "./tally-observations.ts";
import { createTally } from "./tally.ts";

const envelope = z.object({
  promptgate: z.object({ schema: z.literal("promptgate/version@1"), version: z.string() }),
});

function versionIn(serialized: string): string | null {
  try {
    const parsed = envelope.safeParse(JSON.parse(serialized));
    return parsed.success ? parsed.data.promptgate.version : null;
  } catch {
    return null;
  }
}

/** The version that a number of Logfire is, as the registry has it: of two with one version the older counts. */
function versionsByNumber(variable: LogfireVariable): Map<number, string> {
  const versions = new Map<number, string>();
  const known = new Set<string>();
  for (const { version: number, serialized_value: serialized } of shownVersions(variable)) {
    const version = versionIn(serialized) ?? `0.0.${number}`;
    if (!known.has(version)) versions.set(number, version);
    known.add(version);
  }
  return versions;
}

interface NamedVariable {
  readonly name: string;
  readonly versions: ReadonlyMap<number, string>;
}

/** The prompt's variable; without access to variables its usual name and no versions. */
async function readVariable(calls: LogfireVariables | null, prompt: string): Promise<NamedVariable> {
  const name = variableName(prompt);
  const all = calls === null ? [] : [...(await calls.readAll()).values()];
  const found =
    all.find((one) => one.name === name) ??
    all.find((one) => one.kind === "prompt" && one.prompt_slug === prompt);
  return found === undefined
    ? { name, versions: new Map() }
    : { name: found.name, versions: versionsByNumber(found) };
}

function versionOf({ version, number }: LogfireSpan, { versions }: NamedVariable): string | null {
  return version ?? (number === null ? null : (versions.get(number) ?? null));
}

/** Logfire's SDKs for Python and for JavaScript give one person different versions of one split. */
function mixedNotes(spans: readonly LogfireSpan[]): ObservationNote[] {
  const split = spans.filter(({ version, label }) => version === null && label !== null);
  const languages = new Set(split.map(({ language }) => language));
  const hasBoth = languages.has("python") && (languages.has("nodejs") || languages.has("webjs"));
  if (!hasBoth) return [];
  const message = `Logfire's SDKs for Python and for JavaScript both choose versions of this prompt, and give the same person different ones: read it through promptgate's client, or from one language`;
  return [{ kind: "mixed-clients", count: split.length, message }];
}

function unversionedNotes(spans: readonly LogfireSpan[], variable: NamedVariable): ObservationNote[] {
  const count = spans.filter(({ version, number }) => version === null && number === null).length;
  const foreign = spans.filter((span) => span.number !== null && versionOf(span, variable) === null).length;
  const notes: ObservationNote[] = [];
  if (count > 0) {
    const message = `${count} spans name a label and no version, as Logfire's SDK for JavaScript leaves them, and were left out: mark them with prompt.name and prompt.version`;
    notes.push({ kind: "incomplete", count, message });
  }
  if (foreign > 0) {
    const why =
      variable.versions.size === 0
        ? "metrics.apiKey is not set or sees no such variable"
        : "nobody knows them";
    const message = `${foreign} spans name numbers of versions and were left out: ${why}`;
    notes.push({ kind: "incomplete", count: foreign, message });
  }
  return notes;
}

function addressOf({ baseUrl, readToken }: LogfireMetricsSettings): string {
  const address = baseUrl ?? logfireAddress(readToken);
  if (address !== null) return address;
  throw new GateError("CONFIG_INVALID", "metrics.baseUrl: expected an address", {
    hint: "metrics.readToken names neither region us nor eu",
  });
}

/**
 * Metrics from the spans that Logfire was told of, one sample each, or one a unit. Throws `CONFIG_INVALID` where nothing
 * says which region it is.
 */
export function logfireMetrics(settings: LogfireMetricsSettings): MetricsSource {
  const { readToken, apiKey, environments, unit } = settings;
  const access = { ...settings, baseUrl: addressOf(settings) };
  const api = logfireApi({ ...access, key: readToken }, "METRICS_FAILED", "readToken");
  const calls =
    apiKey === null
      ? null
      : logfireVariables(logfireApi({ ...access, key: apiKey }, "METRICS_FAILED", "apiKey"), {});
  return {
    async observe(request, signal) {
      const { prompt, from, to, metrics, versions } = request;
      const tally = createTally(request);
      if (signal.aborted) throw new GateError("INTERRUPTED", "reading the metrics was interrupted");
      const variable = await readVariable(calls, prompt);
      const question = { prompt, variable: variable.name, unit, environments, from, to, signal };
      const spans = await readSpans(api, question);
      const asked = spans.filter((span) => versions.includes(versionOf(span, variable) ?? ""));
      const read = await readScores(api, scoreNames(metrics), asked, question);
      const { scores, ambiguous } = scoresByRow(asked, read);
      for (const span of asked) {
        const { id, at, isError, latencyMs, costUsd } = span;
        const fields = { error: isError, latencyMs, costUsd, scores: scores.get(id) ?? {} };
        const version = versionOf(span, variable) ?? "";
        tally.add({ at: Date.parse(at), prompt, version, unit: span.unit, fields });
      }
      const observed = tallyObservations(tally, metrics);
      const notes = [
        ...ambiguousNotes(ambiguous, "span"),
        ...unversionedNotes(spans, variable),
        ...mixedNotes(spans),
      ];
      return { ...observed, notes: [...(observed.notes ?? []), ...notes] };
    },
  };
}
