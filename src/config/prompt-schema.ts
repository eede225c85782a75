import * as z from "zod";
import type { PromptSource, PromptTemplate } from "../domain/prompt.ts";
import { isPromptName } from "../domain/registry.ts";
import { parseVersion } from "../domain/version.ts";
import { words } from "./units.ts";

const notes = z.record(z.string(), z.unknown());

const message = z.strictObject({
  role: z.enum(["system", "developer", "user", "assistant"]),
  content: z.string().meta({ description: "text with {{variables}}; no logic, no environment" }),
});

const modelParameters = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  maxTokens: z.int().min(1).optional(),
  seed: z.int().optional(),
  stop: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(16)])
    .transform((stop) => (typeof stop === "string" ? [stop] : stop))
    .optional(),
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
  reasoningEffort: words.optional(),
});

const NO_SCHEMA = "expected a JSON Schema: an object, or the JSON text of one";

const jsonSchemaText = z.string().transform((text, context): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Reported below: one sentence for text that is no JSON and for JSON that is no object.
  }
  context.addIssue(NO_SCHEMA);
  return z.NEVER;
});

const tool = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "expected a function name of letters, digits, _ and -, at most 64"),
  description: z.string().optional(),
  parameters: notes.meta({ description: "a JSON Schema of the arguments" }),
});

type Written = z.infer<typeof writtenPrompt>;

const writtenPrompt = z.strictObject({
  name: z
    .string()
    .refine(isPromptName, "expected a name of letters, digits, -, _ and . that could be a file's")
    .meta({ description: "the prompt's key in the config" }),
  version: z
    .string('expected MAJOR.MINOR.PATCH in "quotes"')
    .refine((text) => parseVersion(text) !== null, "expected MAJOR.MINOR.PATCH, e.g. 2.4.0")
    .meta({ description: "MAJOR.MINOR.PATCH; a published version never changes" }),
  changeReason: words
    .max(1000)
    .optional()
    .meta({ description: "why this version differs from the one before" }),
  description: z.string().optional(),
  model: words.meta({ description: "a key of `models` in the config, or a model id that one of them names" }),
  modelParameters: modelParameters.default({}),
  messages: z.array(message).min(1),
  responseFormat: z.enum(["text", "json_object", "json_schema"]).default("text"),
  jsonSchema: z
    .union([notes, jsonSchemaText], NO_SCHEMA)
    .optional()
    .meta({ description: "a JSON Schema, or the JSON text of one; with responseFormat: json_schema" }),
  tools: z.array(tool).default([]),
  metadata: notes.optional().meta({ description: "notes; they change nothing" }),
  testData: z.unknown().optional().meta({ description: "of GitHub Models; not used, the dataset is" }),
  evaluators: z.unknown().optional().meta({ description: "of GitHub Models; not used, assertions are" }),
});

/** Keys without a value would count in comparisons, but not in digests: they are left out. */
function withoutUndefined<Shape extends object>(
  value: Shape,
): { [Key in keyof Shape]: Exclude<Shape[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as never;
}

function templateOf(written: Written): PromptTemplate {
  const { messages, model, responseFormat, jsonSchema } = written;
  return {
    messages,
    model,
    modelParameters: withoutUndefined(written.modelParameters),
    responseFormat,
    ...(jsonSchema === undefined ? {} : { jsonSchema }),
    tools: written.tools.map(withoutUndefined),
  };
}

/** GitHub Models' prompt file with `version` and `changeReason`. */
export const promptSchema = writtenPrompt
  .superRefine(({ responseFormat, jsonSchema, tools }, context) => {
    if (responseFormat === "json_schema" && jsonSchema === undefined) {
      context.addIssue({
        code: "custom",
        path: ["responseFormat"],
        message: "json_schema needs a jsonSchema",
      });
    }
    if (responseFormat !== "json_schema" && jsonSchema !== undefined) {
      context.addIssue({
        code: "custom",
        path: ["jsonSchema"],
        message: "has no effect without responseFormat: json_schema",
      });
    }
    for (const [index, { name }] of tools.entries()) {
      if (tools.findIndex((other) => other.name === name) < index) {
        context.addIssue({
          code: "custom",
          path: ["tools", index, "name"],
          message: "is the name of another tool",
        });
      }
    }
  })
  .transform((written): PromptSource => ({
    name: written.name,
    version: written.version,
    ...(written.changeReason === undefined ? {} : { changeReason: written.changeReason }),
    ...(written.description === undefined ? {} : { description: written.description }),
    ...(written.metadata === undefined ? {} : { metadata: written.metadata }),
    template: templateOf(written),
  }));
