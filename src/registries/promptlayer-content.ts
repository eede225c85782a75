import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { textVariables } from "../domain/template.ts";
import { promptLayerTime } from "../http/promptlayer.ts";
import { envelopeOf, OURS, type PromptRow } from "../http/promptlayer-prompts.ts";
import { fromPromptLayer, toPromptLayer } from "./promptlayer-syntax.ts";
import { readModelParameters } from "./vendor/model-parameters.ts";
import {
  foreignMessage,
  messageRole,
  readEach,
  type ReadMessage,
  type ReadMessages,
} from "./vendor/read-messages.ts";
import type { VendorContent, VendorRevision } from "./vendor/vendor.ts";

const format = z.enum(["f-string", "jinja2"]).nullish();
const parts = z.array(z.unknown()).nullish();
const textPart = z.object({ type: z.literal("text").default("text"), text: z.string() });
const chatMessage = z.object({
  role: messageRole,
  content: parts,
  template_format: format,
  tool_calls: parts,
  function_call: z.unknown().optional(),
});
const completion = z.object({ type: z.literal("completion"), content: parts, template_format: format });
const chat = z.object({ messages: z.array(z.unknown()), tools: parts, functions: parts });
const modelFields = z.object({
  name: z.string(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});

function readText(
  content: readonly unknown[] | null | undefined,
  writtenIn: "f-string" | "jinja2" | null | undefined,
): { readonly text: string } | { readonly problem: string } {
  const [only, ...others] = content ?? [];
  if (only === undefined || others.length > 0) return { problem: "it has a message that is not one text" };
  const part = textPart.safeParse(only);
  if (!part.success) return { problem: "it has a message with something else than text" };
  const translated = fromPromptLayer(part.data.text, writtenIn ?? "f-string");
  return translated.kind === "text" ? { text: translated.text } : translated;
}

function readMessage(value: unknown): ReadMessage {
  const message = chatMessage.safeParse(value);
  if (!message.success) return foreignMessage(value);
  const { role, content, template_format, tool_calls, function_call } = message.data;
  if ((tool_calls ?? []).length > 0 || (function_call ?? null) !== null) {
    return { problem: "it has a message that calls tools" };
  }
  const read = readText(content, template_format);
  return "problem" in read ? read : { role, content: read.text };
}

function readMessages(template: PromptRow["prompt_template"]): ReadMessages {
  const text = completion.safeParse(template);
  if (text.success) {
    const read = readText(text.data.content, text.data.template_format);
    return "problem" in read ? read : { messages: [{ role: "user", content: read.text }] };
  }
  const talk = chat.safeParse(template);
  if (!talk.success) return { problem: "it is neither a chat nor a completion" };
  if ([...(talk.data.tools ?? []), ...(talk.data.functions ?? [])].length > 0) {
    return { problem: "it has tools, which are written with the prompt file here" };
  }
  return readEach(talk.data.messages, readMessage);
}

/** The prompt's own number and the version's: a prompt that was made again has another one. */
export function revisionId({ id, version }: Pick<PromptRow, "id" | "version">): string {
  return `${id}.${version}`;
}

/** A version of PromptLayer as the registry reads it. */
export function revisionOf(row: PromptRow): VendorRevision {
  const model = modelFields.safeParse(row.metadata?.["model"]);
  const parameters = model.success ? (model.data.parameters ?? {}) : {};
  const read: ReadMessages =
    (parameters["response_format"] ?? null) !== null
      ? { problem: "it has a response format, which is written with the prompt file here" }
      : readMessages(row.prompt_template);
  const isReadable = "messages" in read;
  return {
    id: revisionId(row),
    order: row.version,
    messages: isReadable ? read.messages : null,
    problem: isReadable ? null : read.problem,
    // What cannot be read was not written by us, whatever was copied along with it.
    envelope: isReadable ? envelopeOf(row) : null,
    model: model.success ? { name: model.data.name, parameters: readModelParameters(parameters) } : null,
    createdAt: promptLayerTime(row.created_at),
    // The interface does not say who made a version.
    createdBy: null,
    note: row.commit_message ?? "",
  };
}

const LONGEST_NOTE = 72;
const PROVIDERS: readonly (readonly [RegExp, string])[] = [
  [/^(?:gpt-|chatgpt-|o\d)/, "openai"],
  [/^claude-/, "anthropic"],
  [/^gemini-/, "google"],
  [/^(?:mistral|ministral|magistral|codestral)-/, "mistral"],
  [/^command-/, "cohere"],
];

/** How PromptLayer hands parameters on to providers; those that are missing here have one spelling. */
const SPELLINGS: Readonly<Record<string, string>> = {
  topP: "top_p",
  maxTokens: "max_tokens",
  frequencyPenalty: "frequency_penalty",
  presencePenalty: "presence_penalty",
  reasoningEffort: "reasoning_effort",
};

/** A model is shown with its provider or not at all; whose model it is must not be guessed. */
function shownModel({ name, parameters }: VendorContent["model"]): object {
  const provider = PROVIDERS.find(([names]) => names.test(name))?.[1];
  if (provider === undefined) return {};
  const spelled = Object.entries(parameters).map(([key, value]) => [SPELLINGS[key] ?? key, value] as const);
  return { model: { provider, name, parameters: Object.fromEntries(spelled) } };
}

/** The body of a new version, without a label. */
export function creationOf(name: string, content: VendorContent): Readonly<Record<string, unknown>> {
  const { messages, envelope, note, model } = content;
  const written = toPromptLayer(messages);
  if (written.kind === "problem") throw new GateError("PROMPT_INVALID", `promptlayer: ${written.problem}`);
  const chats = messages.map(({ role, content: text }, at) => ({
    role,
    content: [{ type: "text", text: written.texts[at] ?? "" }],
    template_format: written.format,
    input_variables: textVariables(text),
  }));
  return {
    prompt_template: { prompt_name: name },
    prompt_version: {
      prompt_template: {
        type: "chat",
        messages: chats,
        input_variables: [...new Set(chats.flatMap(({ input_variables }) => input_variables))],
      },
      commit_message: note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE - 1)}…` : note,
      metadata: { ...shownModel(model), [OURS]: JSON.stringify(envelope) },
    },
  };
}
