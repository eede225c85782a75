import { readSource } from "../../config/document-file.ts";
import { findConfig } from "../../config/find-config.ts";
import type { Project } from "../../domain/project.ts";
import { isLocalProvider } from "../../models/index.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Stands in for a secret where none is: the files can be checked, and no model is asked with it. */
const PLACEHOLDER = "not-set";

const BLOCKS = ["models", "registry", "metrics", "store"];

/** Names of environment variables that a config refers to and that are not set. */
export async function missingVariables(
  directory: string,
  configPath: string,
  environment: Environment,
): Promise<string[]> {
  const { root, file } = await findConfig(directory, configPath);
  const source = await readSource(root, file);
  if (source.kind === "invalid") return [];
  const config = (source.document.value ?? {}) as Record<string, unknown>;
  const references = JSON.stringify(BLOCKS.map((block) => config[block])).matchAll(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
  );
  const names = new Set(Array.from(references, ([, name = ""]) => name));
  return [...names].filter((name) => (environment[name] ?? "") === "").sort();
}

/** The environment with something in the place of what is missing. */
export function withPlaceholders(environment: Environment, missing: readonly string[]): Environment {
  return { ...environment, ...Object.fromEntries(missing.map((name) => [name, PLACEHOLDER])) };
}

/** True when a model answers only to OpenAI's key, which nobody gave. */
export function lacksDefaultKey({ models }: Pick<Project, "models">, environment: Environment): boolean {
  if ((environment["OPENAI_API_KEY"] ?? "") !== "") return false;
  // A server at another address may well ask for no key.
  return Object.values(models).some(
    ({ provider, apiKey, baseUrl }) =>
      !isLocalProvider(provider) && apiKey === undefined && baseUrl === undefined,
  );
}
