import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { readPromptFile } from "../../config/prompt-file.ts";
import { GateError } from "../../domain/errors.ts";
import type { ModelSettings, Project, PromptProject } from "../../domain/project.ts";
import { promptDigest, type PromptSource, type PromptTemplate } from "../../domain/prompt.ts";
import type { Digest } from "../../domain/digest.ts";
import { isLabelName, type Registry } from "../../domain/registry.ts";
import { parseVersion } from "../../domain/version.ts";
import { visibleLine } from "../../domain/visible.ts";

/** A version that takes part in a gate, wherever it was found. */
export interface ResolvedVersion {
  readonly source: PromptSource;
  readonly digest: Digest;
  /** The label it was found by, else null. */
  readonly label: string | null;
  /** Where it was found, for people: a file or the registry. */
  readonly origin: string;
}

interface Scope {
  readonly cwd: string;
  readonly project: Project;
  readonly prompt: PromptProject;
  readonly registry: Registry;
}

async function fromFile(root: string, file: string): Promise<ResolvedVersion> {
  const { source } = await readPromptFile(root, file);
  return { source, digest: promptDigest(source.template), label: null, origin: file };
}

function looksLikeFile(reference: string): boolean {
  return /[/\\]|\.ya?ml$|\.json$/i.test(reference);
}

/** Null when the registry has no such version or label. A reference that reads like a file is never looked up there. */
async function findVersion(scope: Scope, reference: string): Promise<ResolvedVersion | null> {
  const path = isAbsolute(reference) ? reference : join(scope.cwd, reference);
  const isVersion = parseVersion(reference) !== null;
  if (!isVersion && (looksLikeFile(reference) || existsSync(path))) return fromFile(scope.project.root, path);
  const label = isVersion ? null : reference;
  if (label !== null && !isLabelName(label)) {
    throw new GateError("USAGE", `"${visibleLine(reference)}" is no version, label or file`);
  }
  const version = await scope.registry.readVersion(
    scope.prompt.name,
    label === null
      ? { kind: "version", version: reference }
      : label === "latest"
        ? { kind: "latest" }
        : { kind: "label", label },
  );
  return version === null
    ? null
    : {
        source: version,
        digest: version.digest,
        label: label === "latest" ? null : label,
        origin: `registry version ${version.version}`,
      };
}

/** The version under test: the prompt file unless the user named another. */
export async function resolveCandidate(
  scope: Scope,
  reference: string | undefined,
): Promise<ResolvedVersion> {
  if (reference === undefined) return fromFile(scope.project.root, scope.prompt.file);
  const found = await findVersion(scope, reference);
  if (found === null) {
    throw new GateError(
      "VERSION_NOT_FOUND",
      `prompt ${scope.prompt.name} has no version or label "${reference}"`,
      {
        hint: `promptgate status ${scope.prompt.name} lists what there is`,
      },
    );
  }
  return found;
}

/** What the candidate is compared with; null when nothing is in production yet. Any other missing name is an error. */
export async function resolveBaseline(scope: Scope, reference: string): Promise<ResolvedVersion | null> {
  const found = await findVersion(scope, reference);
  if (found !== null || reference === "production") return found;
  throw new GateError(
    "BASELINE_MISSING",
    `prompt ${scope.prompt.name} has no version or label "${reference}"`,
    {
      hint: `promptgate status ${scope.prompt.name} lists what there is`,
    },
  );
}

/** The entry of `models` that a template's `model` names, by key or by model id. */
export function modelSettingsOf(project: Project, { model }: Pick<PromptTemplate, "model">): ModelSettings {
  const settings =
    project.models[model] ?? Object.values(project.models).find((candidate) => candidate.model === model);
  if (settings !== undefined) return settings;
  throw new GateError("CONFIG_INVALID", `${project.configFile} has no model "${visibleLine(model)}"`, {
    hint: `add it to models; there are: ${Object.keys(project.models).join(", ")}`,
  });
}
