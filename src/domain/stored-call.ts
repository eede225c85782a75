import * as z from "zod";
import { jsonDigest, type Digest } from "./digest.ts";
import type { Completion, Model, ModelRequest } from "./model.ts";

/** Which model a call goes to, as far as it shapes the answer. */
export type ModelIdentity = Pick<Model, "provider" | "model" | "baseUrl">;

const SCHEMA = "promptgate/call@1";

/**
 * The identity of a call: everything that shapes its answer, and nothing of the case, prompt version or run that asked.
 * Two calls with one digest may share an answer.
 */
export function requestDigest({ provider, model, baseUrl }: ModelIdentity, request: ModelRequest): Digest {
  const { messages, parameters, responseFormat, jsonSchema, tools, gradeTokens, sample } = request;
  return jsonDigest({
    schema: SCHEMA,
    model: { provider, model, baseUrl },
    request: { messages, parameters, responseFormat, jsonSchema, tools, gradeTokens, sample },
  });
}

const completionSchema: z.ZodType<Completion> = z.strictObject({
  text: z.string(),
  toolCalls: z.array(z.strictObject({ name: z.string(), arguments: z.string() })),
  finishReason: z.enum(["stop", "length", "tool_calls", "content_filter", "unknown"]),
  model: z.string(),
  usage: z
    .strictObject({ inputTokens: z.int().nonnegative(), outputTokens: z.int().nonnegative() })
    .nullable(),
  latencyMs: z.number().nonnegative().nullable(),
  gradeTokens: z
    .array(
      z.strictObject({
        offset: z.int().nonnegative(),
        logProbabilities: z.record(z.string(), z.number()),
      }),
    )
    .exactOptional(),
});

const storedCallSchema = z.strictObject({
  schema: z.literal(SCHEMA),
  digest: z.string(),
  model: z.strictObject({ provider: z.string(), model: z.string(), baseUrl: z.string().optional() }),
  request: z.record(z.string(), z.unknown()).optional(),
  completion: completionSchema,
});

/** A completed call as it is kept in a file. `request` is there for people and comparisons; the digest decides. */
export interface StoredCall {
  readonly digest: string;
  readonly model: {
    readonly provider: string;
    readonly model: string;
    readonly baseUrl?: string | undefined;
  };
  readonly request?: Readonly<Record<string, unknown>> | undefined;
  readonly completion: Completion;
}

/** The document of a completed call; JSON in, JSON out. */
export function storedCallDocument(
  identity: ModelIdentity,
  digest: Digest,
  { request, completion }: { readonly request?: ModelRequest; readonly completion: Completion },
): Record<string, unknown> {
  const { provider, model, baseUrl } = identity;
  return { schema: SCHEMA, digest, model: { provider, model, baseUrl }, request, completion };
}

/** Reads a stored call, or says in one line why the text is none. */
export function parseStoredCall(
  text: string,
):
  | { readonly kind: "call"; readonly call: StoredCall }
  | { readonly kind: "invalid"; readonly reason: string } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { kind: "invalid", reason: "not JSON" };
  }
  const parsed = storedCallSchema.safeParse(document);
  if (parsed.success) return { kind: "call", call: parsed.data };
  const issue = parsed.error.issues[0];
  return {
    kind: "invalid",
    reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a stored call"}`,
  };
}
