import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Message } from "../domain/prompt.ts";
import { textVariables } from "../domain/template.ts";
import { visible, visibleLine } from "../domain/visible.ts";
import { readModelParameters } from "./vendor/model-parameters.ts";
import {
  fromFString,
  fromMustache,
  mustacheProblem,
  unstorable,
  type Translated,
} from "./vendor/template-syntax.ts";
import { readEach, type ReadMessage, type ReadMessages } from "./vendor/read-messages.ts";
import type { VendorContent, VendorEnvelope, VendorRevision } from "./vendor/vendor.ts";

/** Begins the last line of a version's description, which holds what is ours. */
const MARK = "promptgate: ";

/** One version of a prompt as Phoenix has it; it never changes. */
export const phoenixVersion = z.object({
  id: z.string(),
  description: z.string().nullish(),
  model_name: z.string(),
  template: z.discriminatedUnion("type", [
    z.object({
      type: z.literal("chat"),
      messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
    }),
    z.object({ type: z.literal("string"), template: z.string() }),
  ]),
  template_format: z.string(),
  invocation_parameters: z.record(z.string(), z.unknown()),
  tools: z.unknown().optional(),
  response_format: z.unknown().optional(),
});
export type PhoenixVersion = z.infer<typeof phoenixVersion>;

/** The words that some models have for it. */
const ROLES: Readonly<Record<string, Message["role"]>> = {
  system: "system",
  developer: "developer",
  user: "user",
  assistant: "assistant",
  ai: "assistant",
  model: "assistant",
};

const textPart = z.tuple([z.object({ type: z.literal("text"), text: z.string() })]);

/** Why a text would mean more on Phoenix than it does here; null = it means the same. */
export function contentProblem(content: string): string | null {
  return unstorable(content) ?? mustacheProblem(content);
}

function translated(text: string, format: string): Translated {
  if (format === "MUSTACHE") return fromMustache(text);
  if (format === "F_STRING") return fromFString(text);
  if (format !== "NONE") return { kind: "problem", problem: `its templates are ${visibleLine(format, 40)}` };
  const [name] = textVariables(text);
  return name === undefined
    ? { kind: "text", text }
    : { kind: "problem", problem: `it means {{${name}}} as it stands, and no variable` };
}

function readMessage(role: string, content: unknown, format: string): ReadMessage {
  const known = ROLES[role];
  if (known === undefined) return { problem: `it has a message of role "${visibleLine(role, 40)}"` };
  const part = textPart.safeParse(content);
  const text = part.success ? part.data[0].text : content;
  if (typeof text !== "string") return { problem: "it has a message that is more than one text" };
  const problem = unstorable(text);
  if (problem !== null) return { problem };
  const ours = translated(text, format);
  return ours.kind === "text" ? { role: known, content: ours.text } : ours;
}

function readMessages({ template, template_format: format }: PhoenixVersion): ReadMessages {
  const given = template.type === "chat" ? template.messages : [{ role: "user", content: template.template }];
  return readEach<{ readonly role: string; readonly content: unknown }>(given, ({ role, content }) =>
    readMessage(role, content, format),
  );
}

/** What is ours of a description, and what a person reads of it. */
function readDescription(description: string): {
  readonly note: string;
  readonly envelope: VendorEnvelope | null;
} {
  const start = description.lastIndexOf("\n") + 1;
  const line = description.slice(start);
  if (!line.startsWith(MARK)) return { note: description, envelope: null };
  let value: unknown;
  try {
    value = JSON.parse(line.slice(MARK.length));
  } catch {
    return { note: description, envelope: null };
  }
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord
    ? { note: description.slice(0, start).trimEnd(), envelope: value as VendorEnvelope }
    : { note: description, envelope: null };
}

/** The number in an id: it rises with every version of any prompt and is given once. */
function orderOf(id: string): number {
  const number = /^PromptVersion:(\d{1,15})$/.exec(Buffer.from(id, "base64").toString("utf8"))?.[1];
  if (number !== undefined) return Number(number);
  throw new GateError("REGISTRY_FAILED", `phoenix: ${visibleLine(id, 80)} is no id of a version`, {
    hint: "check that baseUrl is the address of Phoenix, and that promptgate knows this version of it",
  });
}

/** What a version that somebody made says beside its messages and cannot be said here. */
function beyondUs({ tools, response_format: format }: PhoenixVersion): string | null {
  if (tools !== null && tools !== undefined) return "it has tools";
  return format === null || format === undefined ? null : "it has a response format";
}

/** A version of Phoenix as the registry reads it. */
export function phoenixRevision(row: PhoenixVersion): VendorRevision {
  const { note, envelope } = readDescription(row.description ?? "");
  const beyond = beyondUs(row);
  const read = beyond === null ? readMessages(row) : { problem: beyond };
  const isReadable = "messages" in read;
  const { type, ...parameters } = row.invocation_parameters;
  const own = typeof type === "string" ? parameters[type] : undefined;
  return {
    id: row.id,
    order: orderOf(row.id),
    messages: isReadable ? read.messages : null,
    problem: isReadable ? null : read.problem,
    envelope,
    model: { name: row.model_name, parameters: readModelParameters((own ?? {}) as Record<string, unknown>) },
    createdAt: null,
    createdBy: null,
    note,
  };
}

const EFFORTS = new Set(["none", "minimal", "low", "medium", "high", "xhigh"]);

/** Our parameters in the words of OpenAI; what Phoenix has no field for stands in the envelope alone. */
function invocationParameters(
  parameters: VendorContent["model"]["parameters"],
): Readonly<Record<string, unknown>> {
  const { temperature, topP, maxTokens, seed, stop, frequencyPenalty, presencePenalty, reasoningEffort } =
    parameters;
  const effort = EFFORTS.has(String(reasoningEffort)) ? reasoningEffort : undefined;
  return {
    temperature,
    top_p: topP,
    max_tokens: maxTokens,
    seed,
    stop,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    reasoning_effort: effort,
  };
}

/** The body of a new version. */
export function phoenixCreation(name: string, { messages, envelope, note, model }: VendorContent): object {
  return {
    prompt: { name },
    version: {
      // A reason may hold what no database takes; the envelope has it escaped.
      description: `${visible(note)}\n\n${MARK}${JSON.stringify(envelope)}`,
      model_provider: "OPENAI",
      model_name: model.name,
      template: { type: "chat", messages: messages.map(({ role, content }) => ({ role, content })) },
      template_type: "CHAT",
      template_format: "MUSTACHE",
      invocation_parameters: { type: "openai", openai: invocationParameters(model.parameters) },
    },
  };
}
