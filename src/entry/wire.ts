import { loadProject } from "../config/load-project.ts";
import type { Project } from "../domain/project.ts";
import type { Registry } from "../domain/registry.ts";
import { assertionSchema, caseAssertionSchema, verifyAssertions } from "../evals/checks/index.ts";
import { modelProviders } from "../models/index.ts";
import { openRegistry, registries } from "../registries/index.ts";
import type { CommandContext, CommonOptions } from "./context.ts";

/** Reads and checks every file of the project; throws `ProblemsError` with all that is wrong. */
export async function loadProjectFrom(
  context: Pick<CommandContext, "cwd" | "environment">,
  options: Pick<CommonOptions, "config">,
): Promise<Project> {
  return loadProject({
    directory: context.cwd,
    ...(options.config === undefined ? {} : { configPath: options.config }),
    environment: context.environment,
    schemas: {
      assertion: assertionSchema,
      caseAssertion: caseAssertionSchema,
      verifyCase: verifyAssertions,
      registryKinds: Object.keys(registries),
      providers: Object.keys(modelProviders),
    },
  });
}

/** The registry that the config names. */
export function openRegistryOf(project: Project, context: Pick<CommandContext, "clock">): Registry {
  return openRegistry(project.registry, project.root, context.clock);
}
