import * as z from "zod";
import { ProblemsError } from "../domain/problem.ts";
import { GateError } from "../domain/errors.ts";
import type { Project } from "../domain/project.ts";
import { checkDocument, readSource } from "./document-file.ts";
import { expandEnvironment } from "./environment-references.ts";
import { findConfig } from "./find-config.ts";
import { withoutUndefined } from "./plain-value.ts";
import type { SourceDocument } from "./source-document.ts";

/** What names the places that hold versions, traffic and history, and nothing else. */
export interface ProjectSettings extends Pick<Project, "root" | "configFile" | "registry" | "store"> {
  /** Keys of `prompts`, as far as there are any. */
  readonly prompts: readonly string[];
}

const place = z.object({ kind: z.string() }).catchall(z.unknown());

/** Everything else may be wrong, missing or from another version. */
const settingsSchema = z.object({
  registry: place.default({ kind: "file" }),
  store: place.default({ kind: "file" }),
  prompts: z.record(z.string(), z.unknown()).catch({}),
});

export interface SettingsOptions {
  readonly directory: string;
  readonly configPath: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The settings, and the config that they stand in: a mapping. */
export interface ReadSettings {
  readonly settings: ProjectSettings;
  readonly document: SourceDocument;
  readonly written: Readonly<Record<string, unknown>>;
}

/**
 * Reads of the config what a command needs that must work while datasets, rubrics, waivers or other parts of the config
 * are broken. Throws `CONFIG_INVALID` when registry or store cannot be read from it.
 */
export async function loadSettings(options: SettingsOptions): Promise<ProjectSettings> {
  return (await readSettings(options)).settings;
}

/** See `loadSettings`; for those who need one part more. */
export async function readSettings(options: SettingsOptions): Promise<ReadSettings> {
  const { root, file } = await findConfig(options.directory, options.configPath);
  const source = await readSource(root, file);
  if (source.kind === "invalid") throw new ProblemsError("CONFIG_INVALID", source.problems);
  const { document } = source;
  if (typeof document.value !== "object" || document.value === null || Array.isArray(document.value)) {
    throw new GateError("CONFIG_INVALID", `${file} is no mapping of keys to values`);
  }
  const written = document.value as Record<string, unknown>;
  const { registry, store, prompts } = written;
  const needed = { ...document, value: withoutUndefined({ registry, store }) };
  // Only what is needed: at night a key of a model may be missing.
  const expanded = expandEnvironment(needed, options.environment);
  const checked = checkDocument(document, settingsSchema, { ...(expanded.value as object), prompts });
  const problems = [...expanded.problems, ...checked.problems];
  if (checked.value === null || problems.length > 0) throw new ProblemsError("CONFIG_INVALID", problems);
  const settings = {
    root,
    configFile: file,
    registry: checked.value.registry,
    store: checked.value.store,
    prompts: Object.keys(checked.value.prompts),
  };
  return { settings, document, written };
}
