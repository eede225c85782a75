import * as z from "zod";
import { promptDigest, type Message, type PromptTemplate } from "../domain/prompt.ts";
import { isLabelName, isPromptName, type LabelMove, type PromptVersion } from "../domain/registry.ts";
import { parseDocument, version } from "./document-schema.ts";
import type { Parsed } from "./read-document.ts";

const VERSION_SCHEMA = "promptgate/registry-version@1";
const MOVE_SCHEMA = "promptgate/label-move@1";

const jsonObject = z.record(z.string(), z.unknown());
const timestamp = z.iso.datetime();

const template = z.strictObject({
  messages: z.array(
    z.strictObject({
      role: z.enum(["system", "developer", "user", "assistant"] satisfies Message["role"][]),
      content: z.string(),
    }),
  ),
  model: z.string(),
  modelParameters: z.strictObject({
    temperature: z.exactOptional(z.number()),
    topP: z.exactOptional(z.number()),
    maxTokens: z.exactOptional(z.number()),
    seed: z.exactOptional(z.number()),
    stop: z.exactOptional(z.array(z.string())),
    frequencyPenalty: z.exactOptional(z.number()),
    presencePenalty: z.exactOptional(z.number()),
    reasoningEffort: z.exactOptional(z.string()),
  }),
  responseFormat: z.enum(["text", "json_object", "json_schema"]),
  jsonSchema: z.exactOptional(jsonObject),
  tools: z.array(
    z.strictObject({ name: z.string(), description: z.exactOptional(z.string()), parameters: jsonObject }),
  ),
}) satisfies z.ZodType<PromptTemplate>;

const versionDocument = z.strictObject({
  schema: z.literal(VERSION_SCHEMA),
  name: z.string().refine(isPromptName, "not a prompt name"),
  version,
  digest: z.templateLiteral(["sha256:", z.string().regex(/^[0-9a-f]{64}$/)]),
  author: z.string().min(1),
  createdAt: timestamp,
  changeReason: z.exactOptional(z.string()),
  description: z.exactOptional(z.string()),
  metadata: z.exactOptional(jsonObject),
  template,
});

export const moveDocument = z.strictObject({
  schema: z.literal(MOVE_SCHEMA),
  sequence: z.int().min(1),
  label: z.string().refine(isLabelName, "not a label name"),
  from: version.nullable(),
  to: version,
  at: timestamp,
  by: z.string().min(1),
  reason: z.string(),
  description: z.exactOptional(z.string()),
});

/** Reads a stored version; its content must still have the digest it was published with. */
export function parseVersionDocument(text: string): Parsed<PromptVersion> {
  const parsed = parseDocument(versionDocument, text);
  if (parsed.kind === "invalid") return parsed;
  const { schema: _, ...value } = parsed.value;
  if (promptDigest(value.template) !== value.digest) {
    return { kind: "invalid", reason: "its content is not what was published: the digest differs" };
  }
  return { kind: "value", value };
}

export function parseMoveDocument(text: string): Parsed<LabelMove> {
  const parsed = parseDocument(moveDocument, text);
  if (parsed.kind === "invalid") return parsed;
  const { schema: _, ...value } = parsed.value;
  return { kind: "value", value };
}

// Keys in one order, and only those that are known: two versions side by side differ in what changed.
function inOrder(schema: z.ZodObject, document: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(schema.shape).filter((key) => document[key] !== undefined);
  const ordered = Object.fromEntries(keys.map((key) => [key, document[key]]));
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

export function renderVersionDocument(version: PromptVersion): string {
  return inOrder(versionDocument, { ...version, schema: VERSION_SCHEMA });
}

export function renderMoveDocument(move: LabelMove): string {
  return inOrder(moveDocument, { ...move, schema: MOVE_SCHEMA });
}
