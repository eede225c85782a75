import type { Fields } from "./located.ts";
import type { ImportedProvider } from "./providers.ts";
import { freeName } from "./templates.ts";

/** Entries of `models` by their keys. */
export type Models = Map<string, Fields>;

/** The key of a model, which is added when it is new. */
export function modelKey(models: Models, model: Fields): string {
  const found = [...models].find(([, other]) => JSON.stringify(other) === JSON.stringify(model));
  if (found !== undefined) return found[0];
  const key = freeName(String(model["model"]), new Set(models.keys()));
  models.set(key, model);
  return key;
}

/** An entry of `models` for a model of OpenAI or of a server that speaks its API. */
export function modelOf({ model, baseUrl }: Pick<ImportedProvider, "model" | "baseUrl">): Fields {
  return { provider: "openai", model, ...(baseUrl === null ? {} : { baseUrl }) };
}
