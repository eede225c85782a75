import { loadProject } from "../config/load-project.ts";
import { loadSettings, type ProjectSettings } from "../config/load-settings.ts";
import type { PullCases } from "../config/pulled-cases.ts";
import type { Problem } from "../domain/problem.ts";
import type { Project } from "../domain/project.ts";
import type { Registry } from "../domain/registry.ts";
import type { Store } from "../domain/store.ts";
import { assertionSchema, caseAssertionSchema, verifyAssertions } from "../evals/checks/index.ts";
import { modelProviders } from "../models/index.ts";
import { publishedPrice } from "../models/prices.ts";
import { platforms } from "../platforms/index.ts";
import { openRegistry, registries } from "../registries/index.ts";
import { openStore, stores } from "../stores/index.ts";
import { checkJudges } from "./check-judges.ts";
import type { CommandContext, CommonOptions } from "./context.ts";
import { pullFrom } from "./datasets/pull.ts";

/**
 * Reads and checks every file of the project; throws `ProblemsError` with all that is wrong. A command that must work in
 * every state and decides nothing by waivers, such as one that lowers exposure, takes an expired one as a warning; one
 * that needs no cases leaves those of platforms unread with `pull` null.
 */
export async function loadProjectFrom(
  context: Pick<CommandContext, "cwd" | "environment" | "clock" | "signal">,
  options: Pick<CommonOptions, "config">,
  expired: Problem["severity"] = "error",
  pull: PullCases | null = pullFrom(context),
): Promise<Project> {
  const project = await loadProject({
    directory: context.cwd,
    ...(options.config === undefined ? {} : { configPath: options.config }),
    environment: context.environment,
    waivers: { now: context.clock.now(), expired },
    pull: pull ?? undefined,
    schemas: {
      assertion: assertionSchema,
      caseAssertion: caseAssertionSchema,
      verifyCase: verifyAssertions,
      registryKinds: Object.keys(registries),
      storeKinds: Object.keys(stores),
      platformKinds: Object.keys(platforms),
      providers: Object.keys(modelProviders),
      publishedPrice: (model) => publishedPrice(model)?.price ?? null,
    },
  });
  checkJudges(project);
  return project;
}

/** Reads where versions, traffic and history are, and nothing that could be broken elsewhere in the project. */
export async function loadSettingsFrom(
  context: Pick<CommandContext, "cwd" | "environment">,
  { config }: Pick<CommonOptions, "config">,
): Promise<ProjectSettings> {
  return loadSettings({ directory: context.cwd, configPath: config, environment: context.environment });
}

/** The registry that the config names. */
export function openRegistryOf(
  project: Pick<Project, "registry" | "root">,
  context: Pick<CommandContext, "clock" | "environment">,
): Registry {
  return openRegistry(project.registry, project.root, context.clock, context.environment);
}

/** The store that the config names. */
export function openStoreOf(
  project: Pick<Project, "store" | "root">,
  context: Pick<CommandContext, "clock" | "environment">,
): Store {
  return openStore(project.store, project.root, context.clock, context.environment);
}
