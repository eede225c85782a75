interface Version {
  readonly id: string;
  readonly version: number;
  readonly serialized_value: string;
  readonly created_at: string;
  readonly created_by_name: string;
}

export type Target =
  | { readonly kind: "version"; readonly version: number }
  | { readonly kind: "ref"; readonly ref: string };

interface StoredLabel {
  readonly id: string;
  readonly target: Target;
  readonly updated_at: string;
}

export interface Definition {
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

export const PROJECT = "7b0e4c3e-6f0e-4a49-9a63-1f6a1c5f7d11";

function readLabel({ versions }: Definition, { target }: StoredLabel): object {
  const last = versions.at(-1)?.version ?? null;
  if (target.kind === "ref") return { ref: target.ref, version: target.ref === "latest" ? last : null };
  const found = versions.find(({ version }) => version === target.version);
  return { version: target.version, serialized_value: found?.serialized_value ?? "null" };
}

/** As applications are sent it. */
export function configOf(definition: Definition): object {
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
export function definitionOf(definition: Definition): object {
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
