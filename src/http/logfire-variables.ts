import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import type { JsonAnswer } from "./json-client.ts";
import type { LogfireConnection } from "./logfire.ts";
import type { PlatformApi } from "./platform-api.ts";

const labelled = z.object({ version: z.int().positive(), serialized_value: z.string() });
const reference = z.object({ ref: z.string() });

const variable = z.object({
  name: z.string(),
  kind: z.enum(["general", "prompt"]).default("general"),
  prompt_slug: z.string().nullish(),
  labels: z.record(z.string(), z.union([labelled, reference])),
  latest_version: labelled.nullish(),
  rollout: z.object({ labels: z.record(z.string(), z.number()) }),
});

const variables = z.object({ variables: z.record(z.string(), variable) });

/** One state of a variable: its number there, and its value as JSON. */
export type LogfireVersion = z.infer<typeof labelled>;

/** A managed variable as Logfire shows it: versions that have no label and are not the newest are not shown. */
export type LogfireVariable = z.infer<typeof variable>;

/** What a label is put on; a value without a number becomes a new version. */
export type LabelTarget =
  | { readonly target_type: "version"; readonly serialized_value: string; readonly version?: number }
  | { readonly target_type: "latest" }
  | { readonly target_type: "code_default" }
  | { readonly target_type: "label"; readonly target_label: string };

/** One update: what is not named stays as it is. */
export interface VariableUpdate {
  readonly labels: Readonly<Record<string, LabelTarget>>;
  /** Shares in [0,1] by label; the whole of them. */
  readonly rollout?: { readonly labels: Readonly<Record<string, number>> };
}

/** A label as it is written, from how it is read. */
export function labelTarget(label: LogfireVariable["labels"][string]): LabelTarget {
  if ("serialized_value" in label) {
    const { version, serialized_value } = label;
    return { target_type: "version", version, serialized_value };
  }
  if (label.ref === "latest" || label.ref === "code_default") return { target_type: label.ref };
  return { target_type: "label", target_label: label.ref };
}

/** Where a label leads, through labels that name others; null = to no version. */
export function followLabel(
  { labels, latest_version }: LogfireVariable,
  name: string,
): LogfireVersion | null {
  const seen = new Set<string>();
  for (let next = name; !seen.has(next) && Object.hasOwn(labels, next);) {
    seen.add(next);
    const label = labels[next];
    if (label === undefined) return null;
    if ("serialized_value" in label) return label;
    if (label.ref === "latest") return latest_version ?? null;
    next = label.ref;
  }
  return null;
}

const SETTLE_MS = 500;
/** A server may show what it had before a write for about two seconds. */
const SETTLE_TRIES = 8;

/** Managed variables of one project, one call each; reads are uncached here. */
export interface LogfireVariables {
  readonly readAll: () => Promise<ReadonlyMap<string, LogfireVariable>>;
  /** False when there is such a variable already. */
  readonly create: (name: string, description: string, update: VariableUpdate) => Promise<boolean>;
  /** Changes what the update names. Throws `REGISTRY_CONFLICT` when the variable is gone. */
  readonly update: (name: string, update: VariableUpdate) => Promise<void>;
  /** Reads until a variable shows what was written; null when it does not for four seconds. */
  readonly settled: (
    name: string,
    shows: (variable: LogfireVariable) => boolean,
  ) => Promise<LogfireVariable | null>;
}

/** Asks for everything that Logfire's SDKs fetch. */
export const ALL_VARIABLES = { method: "GET", path: "/v1/variables/" } as const;

/** The variables of an answer, by name. */
export function variablesIn(api: PlatformApi, answer: JsonAnswer): ReadonlyMap<string, LogfireVariable> {
  return new Map(Object.entries(api.read(variables, answer).variables));
}

export function logfireVariables(
  api: PlatformApi,
  { wait = sleep }: Pick<LogfireConnection, "wait">,
): LogfireVariables {
  let last: { readonly text: string; readonly variables: ReadonlyMap<string, LogfireVariable> } | null = null;

  async function readAll(): Promise<ReadonlyMap<string, LogfireVariable>> {
    const answer = await api.send(ALL_VARIABLES);
    // Most answers are the one before: each has everything, and little changes.
    if (last?.text !== answer.text) last = { text: answer.text, variables: variablesIn(api, answer) };
    return last.variables;
  }

  return {
    readAll,
    async create(name, description, update) {
      const fixed = { name, description, json_schema: null, overrides: [], rollout: { labels: {} } };
      const body = { ...fixed, ...update };
      const answer = await api.send({ method: "POST", path: "/v1/variables/", body, accept: [409] });
      return answer.status !== 409;
    },
    async update(name, body) {
      const path = `/v1/variables/${encodeURIComponent(name)}/`;
      const answer = await api.send({ method: "PUT", path, body, accept: [404] });
      if (answer.status !== 404) return;
      throw new GateError("REGISTRY_CONFLICT", `logfire: the variable ${visibleLine(name)} was deleted`, {
        hint: "run the command again: it looks at what is there first",
      });
    },
    async settled(name, shows) {
      for (let attempt = 0; attempt < SETTLE_TRIES; attempt += 1) {
        if (attempt > 0) await wait(SETTLE_MS);
        const found = (await readAll()).get(name);
        if (found !== undefined && shows(found)) return found;
      }
      return null;
    },
  };
}

/** A prompt's name as Logfire writes names: letters, digits and underscores. */
export function variableName(prompt: string): string {
  const name = prompt.replaceAll(/[^A-Za-z0-9_]/g, "_");
  return /^\d/.test(name) ? `_${name}` : name;
}

/** Numbers and values of the versions that Logfire shows, oldest first. */
export function shownVersions({ labels, latest_version }: LogfireVariable): LogfireVersion[] {
  const shown = Object.values(labels).flatMap((label) => ("serialized_value" in label ? [label] : []));
  const all = latest_version === null || latest_version === undefined ? shown : [...shown, latest_version];
  const byNumber = new Map(all.map((version) => [version.version, version]));
  return [...byNumber.values()].sort((left, right) => left.version - right.version);
}
