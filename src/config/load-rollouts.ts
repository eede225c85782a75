import * as z from "zod";
import type { MetricsSettings } from "../domain/metrics.ts";
import type { NotifySettings } from "../domain/project.ts";
import { ProblemsError, renderProblem, type Problem } from "../domain/problem.ts";
import type { RolloutStrategy } from "../domain/rollout.ts";
import type { Policies } from "../domain/tier.ts";
import { policiesSchema } from "./config-schema.ts";
import { checkDocument } from "./document-file.ts";
import { expandEnvironment } from "./environment-references.ts";
import {
  readSettings,
  type ProjectSettings,
  type ReadSettings,
  type SettingsOptions,
} from "./load-settings.ts";
import { metricsSchema, metricsSettings } from "./metrics-schema.ts";
import { expandedNotifySchema } from "./notify-schema.ts";
import { mergePolicies } from "./policies.ts";
import { rolloutProblems } from "./rollout-rules.ts";
import { promptRolloutSchema, rolloutSchema } from "./rollout-schema.ts";
import { rolloutStrategy } from "./rollout-strategy.ts";

/** A part of the config that may be unusable without keeping a rollout from being looked at. */
export type Setting<Value> =
  | { readonly kind: "value"; readonly value: Value }
  /** One line, safe to print. */
  | { readonly kind: "unusable"; readonly reason: string };

/** What the commands of a rollout go by. */
export interface RolloutSettings extends ProjectSettings {
  /** By prompt, with every default filled in. */
  readonly strategies: ReadonlyMap<string, RolloutStrategy>;
  readonly policies: Policies;
  /** Unusable metrics are metrics that cannot be reached: nothing rises, and in the end exposure falls. */
  readonly metrics: Setting<MetricsSettings>;
  /** Null = nobody wants to hear of anything. */
  readonly notify: Setting<NotifySettings> | null;
}

/** Everything else may be wrong, missing or from another version. */
const rolloutsSchema = z.object({
  rollout: rolloutSchema.optional(),
  policies: policiesSchema,
  prompts: z.record(z.string(), z.object({ rollout: promptRolloutSchema.optional() })),
});

function firstLine(problems: readonly Problem[]): string {
  return problems[0] === undefined ? "unknown" : renderProblem(problems[0]);
}

/** One block of the config with its references read, apart from everything else. */
function block<Schema extends z.ZodType>(
  { document, written }: ReadSettings,
  key: "metrics" | "notify",
  schema: Schema,
  environment: SettingsOptions["environment"],
): Setting<z.infer<Schema>> {
  const own = { ...document, value: { [key]: written[key] } };
  const expanded = expandEnvironment(own, environment, [key]);
  const checked = checkDocument(document, z.object({ [key]: schema }), expanded.value);
  const problems = [...expanded.problems, ...checked.problems];
  if (checked.value === null || problems.length > 0) return { kind: "unusable", reason: firstLine(problems) };
  return { kind: "value", value: checked.value[key] as z.infer<Schema> };
}

/**
 * Reads of the config what a running rollout needs and nothing else, so that a dataset under work or a missing key of a
 * model never keeps harm from being seen. Throws `CONFIG_INVALID` when registry, store or strategies cannot be read.
 */
export async function loadRollouts(options: SettingsOptions): Promise<RolloutSettings> {
  const read = await readSettings(options);
  const { document, written, settings } = read;
  const checked = checkDocument(document, rolloutsSchema, written);
  if (checked.value === null) throw new ProblemsError("CONFIG_INVALID", checked.problems);
  const problems = rolloutProblems(document, checked.value);
  if (problems.some(({ severity }) => severity === "error"))
    throw new ProblemsError("CONFIG_INVALID", problems);
  const { rollout: shared, prompts } = checked.value;
  const metrics = block(read, "metrics", metricsSchema.optional(), options.environment);
  return {
    ...settings,
    policies: mergePolicies(checked.value),
    strategies: new Map(
      Object.entries(prompts).map(([name, { rollout }]) => [name, rolloutStrategy(shared, rollout)]),
    ),
    metrics: metrics.kind === "value" ? { kind: "value", value: metricsSettings(metrics.value) } : metrics,
    notify:
      written["notify"] === undefined
        ? null
        : block(read, "notify", expandedNotifySchema, options.environment),
  };
}
