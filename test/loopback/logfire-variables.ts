import { randomUUID } from "node:crypto";
import { configOf, definitionOf, type Definition, type Target } from "./logfire-rows.ts";

export interface LogfireQuirks {
  /** Labels that an update does not name are removed; else they stay. */
  readonly replacesLabels?: boolean;
  /** How many reads after each write still show what was before it. */
  readonly staleReads?: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Body = Readonly<Record<string, unknown>>;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const now = (): string => new Date().toISOString();
const detail = (status: number, text: string): Answer => ({ status, body: { detail: text } });
const invalid = (place: string, message: string): Answer => ({
  status: 422,
  body: { detail: [{ loc: ["body", place], msg: message, type: "value_error" }] },
});

/** JSONB keeps no order of its own: keys come by length, then by their bytes. */
function asJsonb(record: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(record);
  return Object.fromEntries(entries.sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)));
}

/** Adds a version, or finds the one that is meant. */
function versionFor(definition: Definition, data: Body): number {
  const serialized = String(data["serialized_value"]);
  const named = definition.versions.find(({ version }) => version === data["version"]);
  if (named?.serialized_value === serialized) return named.version;
  definition.numbers += 1;
  const version = { id: randomUUID(), version: definition.numbers, serialized_value: serialized };
  definition.versions.push({ ...version, created_at: now(), created_by_name: "ci" });
  return definition.numbers;
}

function targetOf(definition: Definition, data: Body): Target {
  switch (data["target_type"]) {
    case "version":
      return { kind: "version", version: versionFor(definition, data) };
    case "label":
      return { kind: "ref", ref: String(data["target_label"]) };
    default:
      return { kind: "ref", ref: String(data["target_type"]) };
  }
}

function bodyFault(body: Body, labels: Iterable<string>): Answer | null {
  const names = Object.keys(body["labels"] ?? {});
  const wrong = names.find((name) => name.length > 200 || ["latest", "code_default", ""].includes(name));
  if (wrong !== undefined) return invalid("labels", `${wrong} is no label`);
  const { labels: weights = {} } = (body["rollout"] ?? {}) as { labels?: Record<string, number> };
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  if (total > 1 + 1e-9) return invalid("rollout", "weights must not sum to more than 1");
  const known = new Set([...labels, ...names]);
  const missing = Object.keys(weights).find((name) => !known.has(name));
  return missing === undefined ? null : invalid("rollout", `label ${missing} does not exist`);
}

/** The managed variables of one project, with the habits of Logfire's server. */
export function logfireVariableShelf({ replacesLabels = false, staleReads = 0 }: LogfireQuirks = {}) {
  const definitions = new Map<string, Definition>();
  let before: unknown = { variables: {} };
  let stale = 0;

  const config = (): unknown => ({
    variables: Object.fromEntries([...definitions].map(([name, one]) => [name, configOf(one)])),
  });

  function apply(definition: Definition, body: Body): void {
    const labels = body["labels"] as Readonly<Record<string, Body>> | undefined;
    const entries = Object.entries(labels ?? {}).map(([label, data]) => {
      const stored = { id: randomUUID(), target: targetOf(definition, data), updated_at: now() };
      return [label, stored] as const;
    });
    if (labels !== undefined && replacesLabels) definition.labels.clear();
    for (const [label, stored] of entries) definition.labels.set(label, stored);
    const rollout = body["rollout"] as { labels: Record<string, number> } | undefined;
    if (rollout !== undefined) definition.rollout = asJsonb(rollout.labels);
    const known = [...definition.labels.keys()];
    const kept = Object.entries(definition.rollout).filter(([label]) => known.includes(label));
    definition.rollout = Object.fromEntries(kept);
    if (body["overrides"] !== undefined) definition.overrides = body["overrides"] as unknown[];
    if (body["description"] !== undefined) definition.description = body["description"] as string | null;
    definition.updated_at = now();
  }

  function add(name: string, kind: Definition["kind"], slug: string | null): Definition {
    const at = now();
    const definition: Definition = {
      id: randomUUID(),
      name,
      kind,
      slug,
      created_at: at,
      updated_at: at,
      description: null,
      versions: [],
      numbers: 0,
      labels: new Map(),
      rollout: {},
      overrides: [],
    };
    definitions.set(name, definition);
    return definition;
  }

  function changing(change: () => Definition): Definition {
    before = config();
    stale = staleReads;
    return change();
  }

  return {
    variable: (name: string): Definition | undefined => definitions.get(name),
    /** The same where a test knows that it is there. */
    existing(name: string): Definition {
      const definition = definitions.get(name);
      if (definition === undefined) throw new Error(`there is no variable ${name}`);
      return definition;
    },
    /** What Logfire's SDKs fetch. */
    config: (name: string): Readonly<Record<string, unknown>> | undefined => {
      const definition = definitions.get(name);
      return definition === undefined ? undefined : (configOf(definition) as Record<string, unknown>);
    },
    /** Somebody works in the web page: a new version, its number is answered. */
    saveByHand(name: string, value: unknown, label?: string, slug: string | null = null): number {
      const definition = definitions.get(name) ?? add(name, slug === null ? "general" : "prompt", slug);
      const version = versionFor(definition, { serialized_value: JSON.stringify(value) });
      if (label !== undefined) this.labelByHand(name, label, { kind: "version", version });
      return version;
    },
    labelByHand(name: string, label: string, target: Target): void {
      definitions.get(name)?.labels.set(label, { id: randomUUID(), target, updated_at: now() });
    },
    /** Deletes a version and the labels on it. */
    remove(name: string, version: number): void {
      const definition = definitions.get(name);
      if (definition === undefined) return;
      definition.versions = definition.versions.filter((one) => one.version !== version);
      for (const [label, { target }] of definition.labels) {
        if (target.kind === "version" && target.version === version) definition.labels.delete(label);
      }
    },
    removeVariable: (name: string): boolean => definitions.delete(name),
    async read(): Promise<Answer> {
      await turn();
      if (stale === 0) return { status: 200, body: config() };
      stale -= 1;
      return { status: 200, body: before };
    },
    async create(body: Body): Promise<Answer> {
      await turn();
      const name = String(body["name"]);
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) return invalid("name", "expected an identifier");
      if (name.startsWith("prompt__")) return invalid("name", "prompt__ is reserved");
      if (definitions.has(name)) return detail(409, `Variable '${name}' already exists`);
      const fault = bodyFault(body, []);
      if (fault !== null) return fault;
      const made = changing(() => {
        const definition = add(name, "general", null);
        apply(definition, body);
        return definition;
      });
      return { status: 201, body: definitionOf(made) };
    },
    async update(name: string, body: Body): Promise<Answer> {
      await turn();
      const definition = definitions.get(name);
      if (definition === undefined) return detail(404, `Variable '${name}' not found`);
      const fault = bodyFault(body, definition.labels.keys());
      if (fault !== null) return fault;
      changing(() => {
        apply(definition, body);
        return definition;
      });
      return { status: 200, body: definitionOf(definition) };
    },
  };
}
