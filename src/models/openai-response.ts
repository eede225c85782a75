import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Completion, FinishReason } from "../domain/model.ts";
import { logprobsSchema, readGradeTokens } from "./openai-grade-tokens.ts";

const contentSchema = z.union([
  z.string(),
  z
    .array(z.object({ text: z.string().optional() }))
    .transform((parts) => parts.map(({ text }) => text ?? "").join("")),
]);

const toolCallSchema = z.object({
  function: z
    .object({
      name: z.string(),
      arguments: z.union([
        z.string(),
        z.record(z.string(), z.unknown()).transform((value) => JSON.stringify(value)),
      ]),
    })
    .optional(),
});

const tokenCount = z.int().nonnegative();

const completionSchema = z.object({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        logprobs: logprobsSchema,
        message: z.object({
          content: contentSchema.nullish(),
          refusal: z.string().nullish(),
          tool_calls: z.array(toolCallSchema).nullish(),
        }),
      }),
    )
    .min(1),
  // Usage that cannot be read is usage that was not reported: the answer itself is still good.
  usage: z.object({ prompt_tokens: tokenCount, completion_tokens: tokenCount }).nullish().catch(null),
});

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
};

function malformed(reason: string): GateError {
  return new GateError("PROVIDER_FAILED", `the server's answer is no chat completion: ${reason}`, {
    hint: "check that baseUrl names a server that speaks OpenAI's chat completions",
    retryable: true,
  });
}

/** The JSON value of a body, whatever the server calls its type. Throws `PROVIDER_FAILED`, retryable. */
export function parsedBody(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch {
    throw malformed(/^\s*</.test(body) ? "it is HTML" : "it is not JSON");
  }
}

interface Requested {
  readonly model: string;
  readonly gradeTokens?: readonly string[];
}

/**
 * The completion in a response body; `latencyMs` is null where nobody measured it. A refusal is the model's text. Throws
 * `PROVIDER_FAILED`, retryable, without quoting the body.
 */
export function readCompletion(body: unknown, requested: Requested, latencyMs: number | null): Completion {
  const parsed = completionSchema.safeParse(parsedBody(body));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw malformed(`${issue?.path.join(".") || "body"}: ${issue?.message ?? "unreadable"}`);
  }
  const { choices, usage, model } = parsed.data;
  const [choice] = choices;
  if (choice === undefined) throw malformed("no choices");
  const { message, finish_reason: finishReason, logprobs } = choice;
  // Half a surrogate pair has no UTF-8 form: it would change on its way through a file.
  const text = (message.content ?? message.refusal ?? "").replace(/\p{Surrogate}/gu, "\ufffd");
  const { gradeTokens } = requested;
  const calls = (message.tool_calls ?? []).flatMap((call) => (call.function ? [call.function] : []));
  return {
    text,
    toolCalls: calls.map((call) => ({ name: call.name, arguments: call.arguments })),
    finishReason: FINISH_REASONS[finishReason ?? ""] ?? "unknown",
    model: model === undefined || model === "" ? requested.model : model,
    usage: usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : null,
    latencyMs,
    ...(gradeTokens !== undefined && logprobs
      ? { gradeTokens: readGradeTokens(logprobs.content, gradeTokens, text) }
      : {}),
  };
}
