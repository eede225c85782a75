import type { BatchModel } from "../domain/batch.ts";
import { GateError } from "../domain/errors.ts";
import type { Finding } from "../domain/finding.ts";
import type { Model } from "../domain/model.ts";
import type { ModelSettings } from "../domain/project.ts";
import { visibleLine } from "../domain/visible.ts";
import { embeddedModel } from "./embedded/index.ts";
import type { ModelDependencies, ModelFactory } from "./model-factory.ts";
import { openaiBatchModel } from "./openai-batch.ts";
import { probeOpenai } from "./openai-probe.ts";
import { openaiModel } from "./openai.ts";

/** Provider id -> factory. A provider is one file here, one line in this table, one row in the contract test. */
export const modelProviders = {
  embedded: embeddedModel,
  openai: openaiModel,
} as const satisfies Record<string, ModelFactory>;

/** The model of one entry of `models`. Throws `CONFIG_INVALID` and `AUTHENTICATION`; contacts nobody. */
export function createModel(settings: ModelSettings, dependencies: ModelDependencies): Model {
  const { provider } = settings;
  const factories: Readonly<Record<string, ModelFactory>> = modelProviders;
  const factory = Object.hasOwn(factories, provider) ? factories[provider] : undefined;
  if (factory === undefined) {
    throw new GateError("CONFIG_INVALID", `there is no model provider ${visibleLine(provider)}`, {
      hint: `providers: ${Object.keys(factories).join(", ")}`,
    });
  }
  return factory(settings, dependencies);
}

/** Providers that can tell how likely other tokens would have been. */
const probabilityProviders: ReadonlySet<string> = new Set([
  "openai",
] satisfies (keyof typeof modelProviders)[]);

export function givesTokenProbabilities(provider: string): boolean {
  return probabilityProviders.has(provider);
}

/** Providers that answer here and now, without a network and a price: nothing of them is worth a cache. */
const localProviders: ReadonlySet<string> = new Set(["embedded"] satisfies (keyof typeof modelProviders)[]);

export function isLocalProvider(provider: string): boolean {
  return localProviders.has(provider);
}

type Probe = (
  subject: string,
  settings: ModelSettings,
  dependencies: ModelDependencies,
  signal: AbortSignal,
) => Promise<Finding[]>;

const probes: Readonly<Record<string, Probe>> = {
  openai: probeOpenai,
} satisfies Partial<Record<keyof typeof modelProviders, Probe>>;

/** What can be seen of a model's server without paying; `subject` heads each finding. Throws what a call would. */
export async function probeModel(...[subject, settings, ...rest]: Parameters<Probe>): Promise<Finding[]> {
  const { provider } = settings;
  const probe = Object.hasOwn(probes, provider) ? probes[provider] : undefined;
  if (probe !== undefined) return probe(subject, settings, ...rest);
  return [{ kind: "skipped", subject, message: `provider ${visibleLine(provider)} has nothing to look at` }];
}

/** Providers that answer many requests later and for less. */
const batchProviders: Readonly<
  Record<string, (settings: ModelSettings, dependencies: ModelDependencies) => BatchModel>
> = { openai: openaiBatchModel } satisfies Partial<Record<keyof typeof modelProviders, unknown>>;

export function takesBatches(provider: string): boolean {
  return Object.hasOwn(batchProviders, provider);
}

/** The batches of one entry of `models`. Throws `CONFIG_INVALID` and `AUTHENTICATION`; contacts nobody. */
export function createBatchModel(settings: ModelSettings, dependencies: ModelDependencies): BatchModel {
  const { provider } = settings;
  const factory = takesBatches(provider) ? batchProviders[provider] : undefined;
  if (factory !== undefined) return factory(settings, dependencies);
  throw new GateError("CONFIG_INVALID", `provider ${visibleLine(provider)} takes no batches`, {
    hint: "gate without --batch",
  });
}
