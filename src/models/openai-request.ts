import type OpenAI from "openai";
import type { ModelRequest } from "../domain/model.ts";

/** The two names of the same limit; servers accept one, the other, or both. */
export type TokenField = "max_tokens" | "max_completion_tokens";

/** Reasoning models refuse `max_tokens`: the o series, and GPT from 5 on. Routers put the vendor in front. */
const REASONING_FAMILY = /^(.*\/)?(o\d|gpt-([5-9]|\d\d))/;

/** OpenAI replaced `max_tokens` for all models; other servers know the old name, except for models that refuse it. */
export function preferredTokenField(model: string, ownServer: boolean): TokenField {
  return ownServer || REASONING_FAMILY.test(model) ? "max_completion_tokens" : "max_tokens";
}

type JsonSchema = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Strict output needs objects that are closed and whose properties are all required; else the server refuses it. */
function allowsStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(allowsStrict);
  if (!isObject(schema)) return true;
  const { properties, required, additionalProperties } = schema;
  if (schema["type"] === "object" || isObject(properties)) {
    const names = isObject(properties) ? Object.keys(properties) : [];
    const closed = additionalProperties === false && Array.isArray(required);
    if (!closed || !names.every((name) => required.includes(name))) return false;
  }
  return Object.values(schema).every(allowsStrict);
}

/** A bare JSON Schema, or the envelope `{name, strict, schema}` that prompt files of other tools carry. */
function schemaFormat(jsonSchema: JsonSchema): OpenAI.ResponseFormatJSONSchema {
  const { name, strict, schema, description } = jsonSchema;
  if (typeof name === "string" && isObject(schema)) {
    return {
      type: "json_schema",
      json_schema: {
        name,
        schema,
        strict: typeof strict === "boolean" ? strict : allowsStrict(schema),
        ...(typeof description === "string" ? { description } : {}),
      },
    };
  }
  return {
    type: "json_schema",
    json_schema: { name: "response", schema: jsonSchema, strict: allowsStrict(jsonSchema) },
  };
}

function responseFormat({
  responseFormat: format,
  jsonSchema,
}: ModelRequest): Pick<OpenAI.ChatCompletionCreateParamsNonStreaming, "response_format"> {
  switch (format) {
    case "text":
      return {};
    case "json_object":
      return { response_format: { type: "json_object" } };
    case "json_schema":
      return { response_format: schemaFormat(jsonSchema ?? {}) };
  }
}

/** As many alternatives of each token as the API gives. */
const TOP_LOGPROBS = 20;

/** The body of one chat completion call. What the request leaves out is left to the server. */
export function requestBody(
  model: string,
  request: ModelRequest,
  tokenField: TokenField,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const { parameters, messages, tools } = request;
  const optional = {
    temperature: parameters.temperature,
    top_p: parameters.topP,
    [tokenField]: parameters.maxTokens,
    seed: parameters.seed,
    stop: parameters.stop,
    frequency_penalty: parameters.frequencyPenalty,
    presence_penalty: parameters.presencePenalty,
    reasoning_effort: parameters.reasoningEffort,
  };
  const grades = request.gradeTokens === undefined ? {} : { logprobs: true, top_logprobs: TOP_LOGPROBS };
  // JSON leaves out what is undefined, which the declared types do not know.
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...optional,
    ...grades,
    ...responseFormat(request),
    ...(tools.length === 0
      ? {}
      : { tools: tools.map((tool) => ({ type: "function", function: { ...tool } })) }),
  } as OpenAI.ChatCompletionCreateParamsNonStreaming;
}
