import * as z from "zod";
import { isPromptName } from "../domain/registry.ts";
import type { Assertion, Case } from "../domain/case.ts";
import type { Price } from "../domain/project.ts";
import type { AssertionSchema } from "./case-schema.ts";
import { approverSchema, evidenceSchema } from "./evidence-schema.ts";
import { isHttpAddress } from "./http-address.ts";
import { metricsSchema } from "./metrics-schema.ts";
import { datasetReference, platformsSchema } from "./platform-schema.ts";
import { notifySchema } from "./notify-schema.ts";
import { promptRolloutSchema, rolloutSchema } from "./rollout-schema.ts";
import { byteSize, duration, percentage, words } from "./units.ts";
import { waiverSchema } from "./waiver-schema.ts";

/** What the folders with adapters know and this one may not import. */
export interface ProjectSchemas {
  /** Of the `assert` of a prompt. */
  readonly assertion: AssertionSchema;
  /** Of the `assert` of a case: without static checks, which look at no case. */
  readonly caseAssertion: AssertionSchema;
  /** Throws `GateError` for what a case lacks that its assertions, or the prompt's, need. */
  readonly verifyCase: (assertions: readonly Assertion[], testCase: Case) => void;
  /** Keys of the table in `registries/`. */
  readonly registryKinds: readonly string[];
  readonly storeKinds: readonly string[];
  /** Keys of the table in `platforms/`. */
  readonly platformKinds: readonly string[];
  /** Keys of the table in `models/`. */
  readonly providers: readonly string[];
  /** What a model costs that has no price in the config; null = nobody says. */
  readonly publishedPrice?: (model: {
    readonly provider: string;
    readonly model: string;
    readonly baseUrl?: string | undefined;
  }) => Price | null;
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const openProbability = z.number().gt(0).lt(0.5);
const texts = z.record(words, z.string());

const level = z.enum(["error", "warn", "off"]).default("error").meta({
  description: "error decides, warn is reported and never blocks, off is reported without a verdict",
});

/** All fields of a gate; which of them a metric may have depends on its kind, see `gate-rules.ts`. */
const gate = z.strictObject({
  level,
  margin: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .meta({ description: "scores: the largest tolerated drop of the mean, e.g. 0.05" }),
  min: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: "scores: the floor of the candidate's own mean" }),
  maxIncrease: percentage
    .optional()
    .meta({ description: "latency, cost, tokens: the largest tolerated increase, e.g. 10%" }),
  max: z.number().gt(0).optional().meta({
    description: "latency (ms), cost (USD), tokens: the ceiling of the candidate's own geometric mean",
  }),
  adjustMargin: z.boolean().optional().meta({
    description:
      "judged scores: shrink the margin by the judge's sensitivity + specificity - 1, from its calibration record",
  }),
  alphaMiss: openProbability
    .default(0.05)
    .meta({ description: "chance to pass a candidate that is worse by the margin" }),
  alphaBlock: openProbability
    .default(0.05)
    .meta({ description: "chance to fail a candidate that is not worse" }),
});

const price = z.strictObject({ inputPerMillion: z.number().min(0), outputPerMillion: z.number().min(0) });

/** A timer of more than 24.8 days would fire at once, and a call of more than a day is none. */
const callDeadline = duration.refine((milliseconds) => milliseconds <= 86_400_000, "expected at most 24h");

function model(providers: readonly string[]) {
  return z.strictObject({
    provider: z.enum(providers).meta({ description: "who answers" }),
    model: words.meta({ description: "the provider's model id; best one that names a snapshot" }),
    baseUrl: z
      .string()
      .refine(isHttpAddress, "expected an http or https address without a password in it")
      .optional()
      .meta({ description: "of an OpenAI-compatible server, e.g. http://localhost:11434/v1" }),
    apiKey: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "a reference such as ${OPENAI_API_KEY}; a key itself is refused" }),
    headers: texts
      .optional()
      .meta({ description: "further HTTP headers; secrets as references such as ${VAR}" }),
    query: texts.optional().meta({ description: "query parameters, e.g. Azure's api-version" }),
    price: price
      .optional()
      .meta({ description: "US dollars per million tokens; without it costs are unknown" }),
    timeout: callDeadline.optional().meta({ description: "deadline of one call; 2m unless given" }),
  });
}

function prompt(assertion: AssertionSchema, platformKinds: readonly string[]) {
  return z.strictObject({
    file: words.meta({ description: "the prompt file, relative to this file" }),
    dataset: z
      .union([words, datasetReference(platformKinds)])
      .meta({ description: "the golden dataset: a .jsonl, .yml, .json or .csv file, or one on a platform" }),
    assert: z.array(assertion).default([]).meta({ description: "checks of every case" }),
    judges: z.array(words).default([]).meta({ description: "rubric files; one rubric is one metric" }),
    gates: z
      .record(words, gate)
      .default({})
      .meta({ description: "metric -> rule; without one a score may drop by at most 0.05" }),
    rollout: promptRolloutSchema
      .optional()
      .meta({ description: "what differs from the rollout of the whole config" }),
  });
}

const policy = z.strictObject({
  require: z
    .array(z.enum(["static", "deterministic", "judge"]))
    .optional()
    .meta({
      description:
        "classes of checks; static is always among them, and a higher tier requires all that a lower one does",
    }),
  repeat: z.int().min(1).max(20).optional().meta({ description: "samples of each case" }),
  approvals: z.int().min(0).max(10).optional().meta({ description: "human approvals before production" }),
  calibration: z.enum(["required", "advised", "off"]).optional().meta({
    description:
      "of judges, by `judge calibrate`: required makes a metric without a valid one advisory, advised (as shipped) warns",
  }),
  canary: z
    .union([z.literal(false), z.strictObject({ minSoak: duration })])
    .optional()
    .meta({ description: "false = no canary" }),
});

const budgetSchema = z
  .strictObject({
    usd: z.number().gt(0).optional(),
    minutes: z.number().gt(0).optional(),
    judgeReserve: z
      .number()
      .min(0)
      .lt(1)
      .optional()
      .meta({ description: "share of the money kept for judging what was generated; 0.3 unless given" }),
  })
  .default({})
  .meta({ description: "a gate stops, without a verdict, before it spends more" });

/** `policies` of the config. */
export const policiesSchema = z
  .strictObject({ patch: policy.optional(), minor: policy.optional(), major: policy.optional() })
  .default({})
  .meta({ description: "what each tier demands; what is left out stays as shipped" });

const baselineSchema = z
  .strictObject({ samples: z.int().min(1).max(50).optional() })
  .default({})
  .meta({
    description:
      "answers of the version in production to each case, which gates share: 5 once it was promoted unless given; 1 = none",
  });

const cacheSchema = z
  .strictObject({ maxSize: byteSize.optional() })
  .default({})
  .meta({ description: "the answers that runs share; after a gate the oldest go until the rest fits" });

/** `promptgate.yaml` as a user writes it. */
export function configSchema({
  assertion,
  registryKinds,
  storeKinds,
  platformKinds,
  providers,
}: Pick<ProjectSchemas, "assertion" | "registryKinds" | "storeKinds" | "platformKinds" | "providers">) {
  return z.strictObject({
    version: z.literal(1).meta({ description: "of this file's format" }),
    registry: z
      .object({ kind: z.enum(registryKinds) })
      .catchall(scalar)
      .default({ kind: "file" })
      .meta({ description: "where versions and labels live; further options depend on the kind" }),
    store: z
      .object({ kind: z.enum(storeKinds) })
      .catchall(scalar)
      .default({ kind: "file" })
      .meta({
        description: "where rollout state, ledger and attestations live; further options depend on the kind",
      }),
    metrics: metricsSchema.optional().meta({
      description: "where production metrics come from; the log of served requests unless given",
    }),
    platforms: platformsSchema(platformKinds).meta({
      description: "how to reach platforms that hold datasets or take scores and are not the registry",
    }),
    models: z
      .record(words, model(providers))
      .meta({ description: "the models that prompts and rubrics name, by a key of your own" }),
    prompts: z
      .record(
        z.string().refine(isPromptName, "expected a name of letters, digits, -, _ and ."),
        prompt(assertion, platformKinds),
      )
      .refine((prompts) => Object.keys(prompts).length > 0, "expected at least one prompt")
      .meta({ description: "what is gated, by the prompt's name" }),
    policies: policiesSchema,
    evidence: evidenceSchema
      .default({ keys: {} })
      .meta({ description: "whose signatures on evidence count, and for how long" }),
    approvers: z
      .array(approverSchema)
      .default([])
      .meta({ description: "who may sign off a version, and the keys that prove it" }),
    rollout: rolloutSchema
      .optional()
      .meta({ description: "how a version is exposed step by step; shipped steps and metrics unless given" }),
    notify: notifySchema
      .optional()
      .meta({ description: "a webhook that hears of every transition of a rollout" }),
    waivers: z
      .array(waiverSchema)
      .default([])
      .meta({ description: "cases and metrics that may not block until a day" }),
    budget: budgetSchema,
    baseline: baselineSchema,
    cache: cacheSchema,
  });
}

export type WrittenConfig = z.infer<ReturnType<typeof configSchema>>;
export type WrittenPrompt = WrittenConfig["prompts"][string];
export type WrittenGate = WrittenPrompt["gates"][string];
