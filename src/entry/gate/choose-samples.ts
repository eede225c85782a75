import type { Digest } from "../../domain/digest.ts";
import type { ModelSettings } from "../../domain/project.ts";
import type { Registry } from "../../domain/registry.ts";
import type { MetricRule } from "../../domain/scores.ts";
import { isLocalProvider } from "../../models/index.ts";
import { newBaselineSamples, readBaselineSamples, type BaselineSamples } from "./baseline-samples.ts";
import type { GateScope } from "./prepare.ts";
import type { ResolvedVersion } from "./resolve-versions.ts";

/** Stored answers to each case of a version that was promoted, unless the config says how many. */
const AFTER_PROMOTION = 5;

/** True when a promotion put the version into production: the gate that passed it had picked a lucky draw, perhaps. */
async function wasPromoted(registry: Registry, prompt: string, version: string): Promise<boolean> {
  let cursor: string | null = null;
  do {
    const page = await registry.history(prompt, cursor === null ? {} : { cursor });
    const move = page.items.find(({ label }) => label === "production");
    if (move !== undefined) return move.to === version && move.from !== null;
    cursor = page.next;
  } while (cursor !== null);
  return false;
}

async function wantedSamples({ project, prompt, registry }: GateScope, version: string): Promise<number> {
  const { samples } = project.baseline;
  if (samples !== null) return samples;
  return (await wasPromoted(registry, prompt.name, version)) ? AFTER_PROMOTION : 1;
}

/** A limit on latency needs answers of this run: a stored one has no latency. */
export function needsFreshAnswers(rules: readonly MetricRule[]): boolean {
  return rules.some(({ kind, level }) => kind === "latency" && level === "error");
}

interface SampledBaseline {
  readonly baseline: ResolvedVersion | null;
  readonly settings: ModelSettings | null;
  readonly dataset: Digest;
  /** True when the baseline's outputs come from a file. */
  readonly stored: boolean;
}

/** Model, address and price-free settings that shape a model's answers. */
export function modelIdentity({ provider, model, baseUrl }: ModelSettings): Record<string, unknown> {
  return { provider, model, baseUrl };
}

/**
 * The stored answers that this gate compares with; null = it asks the baseline as often as the candidate. Only the version
 * that the `production` label names has any, and only where answers are kept for other runs.
 */
export async function chooseBaselineSamples(
  scope: GateScope,
  { baseline, settings, dataset, stored }: SampledBaseline,
  rules: readonly MetricRule[],
): Promise<BaselineSamples | null> {
  const isProduction = baseline?.label === "production";
  if (scope.selection.storedSamples !== true || stored || !isProduction || settings === null) return null;
  // Nothing is saved where answers cost nothing and are always the same.
  if (isLocalProvider(settings.provider) || needsFreshAnswers(rules)) return null;
  const { version } = baseline.source;
  const wanted = await wantedSamples(scope, version);
  if (wanted < 2) return null;
  const identity = {
    prompt: scope.prompt.name,
    baseline: baseline.digest,
    dataset,
    model: modelIdentity(settings),
  };
  const known = await readBaselineSamples(scope.project.root, identity);
  // More samples under the same numbers: those that are there stay.
  if (known !== null) return { ...known, samples: wanted };
  return newBaselineSamples({ ...identity, version }, wanted, scope.context.clock.now());
}
