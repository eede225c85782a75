import { randomUUID } from "node:crypto";

interface Version {
  readonly id: string;
  readonly version: number;
  readonly serialized_value: string;
  readonly created_at: string;
  readonly created_by_name: string;
}

type Target =
  | { readonly kind: "version"; readonly version: number }
  | { readonly kind: "ref"; readonly ref: string };

interface StoredLabel {
  readonly id: string;
  readonly target: Target;
  readonly updated_at: string;
}

interface Definition {
  readonly id: string;
  readonly name: string;
  readonly kind: "general" | "prompt";
  readonly slug: string | null;
  readonly created_at: string;
  updated_at: string;
  description: string | null;
  versions: Version[];
  numbers: number;
  labels: Map<string, StoredLabel>;
  rollout: Readonly<Record<string, number>>;
  overrides: readonly unknown[];
}

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
  const order = ([left]: [string, number], [right]: [string, number]): number =>
    left.length - right.length || (left < right ? -1 : 1);
  return Object.fromEntries(Object.entries(record).sort(order));
}

function readLabel({ versions }: Definition, { target }: StoredLabel): object {
  const last = versions.at(-1)?.version ?? null;
  if (target.kind === "ref") return { ref: target.ref, version: target.ref === "latest" ? last : null };
  const found = versions.find(({ version }) => version === target.version);
  return { version: target.version, serialized_value: found?.serialized_value ?? "null" };
}

/** As applications are sent it. */
function configOf(definition: Definition): object {
  const { name, kind, slug, versions, labels, rollout, overrides, description } = definition;
  const latest = versions.at(-1);
  return {
    name,
    kind,
    labels: Object.fromEntries([...labels].map(([label, stored]) => [label, readLabel(definition, stored)])),
    latest_version:
      latest === undefined ? null : { version: latest.version, serialized_value: latest.serialized_value },
    rollout: { labels: rollout },
    overrides,
    description,
    json_schema: null,
    template_inputs_schema: null,
    type_name: null,
    aliases: null,
    example: null,
    display_name: null,
    prompt_slug: slug,
  };
}

function labelRow(definition: Definition, label: string, { id, target, updated_at }: StoredLabel): object {
  const found =
    target.kind === "version"
      ? definition.versions.find(({ version }) => version === target.version)
      : undefined;
  const isLabel = target.kind === "ref" && !["latest", "code_default"].includes(target.ref);
  return {
    id,
    variable_definition_id: definition.id,
    label,
    target_type: target.kind === "version" ? "version" : isLabel ? "label" : target.ref,
    target_label: isLabel ? target.ref : null,
    version_id: found?.id ?? null,
    version_number: found?.version ?? null,
    serialized_value: found?.serialized_value ?? null,
    updated_at,
    updated_by: null,
    updated_by_name: "ci",
  };
}

/** As whoever writes it is answered. */
function definitionOf(definition: Definition): object {
  const { id, name, kind, slug, versions, labels, rollout, overrides, description } = definition;
  const latest = versions.at(-1);
  return {
    id,
    project_id: PROJECT,
    type_id: null,
    type_name: null,
    kind,
    name,
    display_name: null,
    prompt_slug: slug,
    description,
    json_schema: null,
    template_inputs_schema: null,
    labels: Object.fromEntries(
      [...labels].map(([label, stored]) => [label, labelRow(definition, label, stored)]),
    ),
    latest_version:
      latest === undefined
        ? null
        : { ...latest, variable_definition_id: id, description: null, created_by: null },
    rollout: { labels: rollout },
    overrides,
    aliases: null,
    example: null,
    external: false,
    created_at: definition.created_at,
    updated_at: definition.updated_at,
    created_by_name: "ci",
    updated_by_name: "ci",
  };
}

export const PROJECT = "7b0e4c3e-6f0e-4a49-9a63-1f6a1c5f7d11";

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
  const names = Object.keys((body["labels"] ?? {}) as object);
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
