import * as z from "zod";
import { ofKind, parseOptions } from "../domain/kinds.ts";
import type { Clock } from "../domain/ports.ts";
import type { Project } from "../domain/project.ts";
import type { Registry } from "../domain/registry.ts";
import { branchSettings } from "../files/git/branch-settings.ts";
import { fileRegistry } from "./file.ts";
import { gitRegistry } from "./git.ts";
import { langfuseRegistry, langfuseSettings } from "./langfuse.ts";
import { langsmithRegistry, langsmithSettings } from "./langsmith.ts";
import { logfireRegistry, logfireSettings } from "./logfire.ts";
import { mlflowRegistry, mlflowSettings } from "./mlflow.ts";
import { phoenixRegistry, phoenixSettings } from "./phoenix.ts";
import { promptLayerRegistry, promptLayerSettings } from "./promptlayer.ts";

interface Surroundings {
  readonly root: string;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Makes a registry of the options that stand beside `kind` in the config; throws `CONFIG_INVALID` on wrong ones. */
type RegistryFactory = (options: Readonly<Record<string, unknown>>, surroundings: Surroundings) => Registry;

const PLACE = "registry";
const fileOptions = z.strictObject({ path: z.string().min(1).default(".promptgate/registry") });
const gitOptions = branchSettings("promptgate-registry");

/** `registry.kind` of the config -> how to open it. */
export const registries = {
  file: (options, { root, clock }) =>
    fileRegistry({ ...parseOptions(fileOptions, options, PLACE), root, clock }),
  git: (options, surroundings) =>
    gitRegistry({ ...parseOptions(gitOptions, options, PLACE), ...surroundings }),
  langfuse: (options, { clock }) => langfuseRegistry(parseOptions(langfuseSettings, options, PLACE), clock),
  langsmith: (options, { clock }) =>
    langsmithRegistry(parseOptions(langsmithSettings, options, PLACE), clock),
  logfire: (options, { clock }) => logfireRegistry(parseOptions(logfireSettings, options, PLACE), clock),
  mlflow: (options, { clock }) => mlflowRegistry(parseOptions(mlflowSettings, options, PLACE), clock),
  phoenix: (options, { clock }) => phoenixRegistry(parseOptions(phoenixSettings, options, PLACE), clock),
  promptlayer: (options, { clock }) =>
    promptLayerRegistry(parseOptions(promptLayerSettings, options, PLACE), clock),
} as const satisfies Record<string, RegistryFactory>;

/**
 * The registry that a project names; `root` is the absolute path of the project, `clock` dates the moves, and
 * `environment` is what programs see that the registry runs.
 * Throws `CONFIG_INVALID` for a kind or an option that does not exist.
 */
export function openRegistry(
  settings: Project["registry"],
  root: string,
  clock: Clock = { now: () => Date.now() },
  environment: Readonly<Record<string, string | undefined>> = {},
): Registry {
  const { kind, ...options } = settings;
  const open: RegistryFactory = ofKind(registries, kind, `${PLACE}.kind`);
  return open(options, { root, clock, environment });
}
