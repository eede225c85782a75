import * as z from "zod";
import type { Message } from "../domain/prompt.ts";
import { malformedPlaceholders, templateVariables, textVariables } from "../domain/template.ts";
import { visibleLine } from "../domain/visible.ts";
import { langsmithTime } from "../http/langsmith.ts";
import { envelopeOf, metadataWith, type CommitRow } from "../http/langsmith-commits.ts";
import { readModelParameters } from "./vendor/model-parameters.ts";
import {
  fromFString,
  fromMustache,
  mustacheProblem,
  toFString,
  unstorable,
} from "./vendor/template-syntax.ts";
import type { VendorContent, VendorRevision } from "./vendor/vendor.ts";

/** How LangChain writes objects; the last part of `id` is the class. */
const serialised = z.object({
  lc: z.literal(1),
  type: z.literal("constructor"),
  id: z.array(z.string()).min(1),
  kwargs: z.record(z.string(), z.unknown()).default({}),
});

interface Constructed {
  readonly kind: string;
  readonly values: Readonly<Record<string, unknown>>;
}

type Read = { readonly messages: readonly Message[] } | { readonly problem: string };

function constructed(value: unknown): Constructed | null {
  const parsed = serialised.safeParse(value);
  return parsed.success ? { kind: parsed.data.id.at(-1) ?? "", values: parsed.data.kwargs } : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFilled(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length > 0;
}

const textTemplate = z.object({
  template: z.string(),
  template_format: z.string().default("f-string"),
  partial_variables: z.unknown().optional(),
});

/** The text of a `PromptTemplate` in our syntax. */
function readText(value: unknown): { readonly text: string } | { readonly problem: string } {
  const prompt = constructed(value);
  const parsed = textTemplate.safeParse(prompt?.values);
  if (prompt?.kind !== "PromptTemplate" || !parsed.success) {
    return { problem: "it has a message of parts that are no text" };
  }
  const { template, template_format: format, partial_variables: filled } = parsed.data;
  if (isFilled(filled)) return { problem: "it has variables that are filled in already" };
  if (format !== "f-string" && format !== "mustache") {
    return { problem: `its template is written in ${visibleLine(format, 40)}` };
  }
  const translated = format === "mustache" ? fromMustache(template) : fromFString(template);
  return translated.kind === "text" ? { text: translated.text } : { problem: translated.problem };
}

type Role = Message["role"];
const TEMPLATES: Readonly<Record<string, Role>> = {
  SystemMessagePromptTemplate: "system",
  HumanMessagePromptTemplate: "user",
  AIMessagePromptTemplate: "assistant",
};
const MESSAGES: Readonly<Record<string, Role>> = {
  SystemMessage: "system",
  HumanMessage: "user",
  AIMessage: "assistant",
};
const ROLES: readonly string[] = ["system", "developer", "user", "assistant"] satisfies Role[];

/** Where LangChain writes that a message of the system is one of the developer's. */
const OPENAI_ROLE = "__openai_role__";

function roleOf({ kind, values }: Constructed): Role | null {
  const role = TEMPLATES[kind] ?? MESSAGES[kind];
  const { additional_kwargs: extra } = values;
  if (role === "system" && isRecord(extra) && extra[OPENAI_ROLE] === "developer") return "developer";
  if (role !== undefined) return role;
  const named = kind === "ChatMessagePromptTemplate" ? values["role"] : null;
  return typeof named === "string" && ROLES.includes(named) ? (named as Role) : null;
}

/** What a message has beside its text, such as calls of tools. */
function hasMore({ additional_kwargs: extra, tool_calls: calls }: Constructed["values"]): boolean {
  const others = isRecord(extra) ? Object.keys(extra).filter((key) => key !== OPENAI_ROLE) : [];
  return others.length > 0 || (Array.isArray(calls) && calls.length > 0);
}

function readMessage(value: unknown): Message | { readonly problem: string } {
  const message = constructed(value);
  if (message === null) return { problem: "it has a message in an unknown form" };
  const { kind, values } = message;
  if (kind === "MessagesPlaceholder") {
    return {
      problem: `it has the placeholder "${visibleLine(String(values["variable_name"]), 60)}" for messages`,
    };
  }
  const role = roleOf(message);
  if (role === null || hasMore(values)) {
    return { problem: `it has a ${visibleLine(kind, 60)} that says more than a text of a role` };
  }
  if (!Object.hasOwn(MESSAGES, kind)) {
    const read = readText(values["prompt"]);
    return "text" in read ? { role, content: read.text } : read;
  }
  const { content } = values;
  if (typeof content !== "string") return { problem: "it has a message of parts that are no text" };
  const isLiteral = textVariables(content).length + malformedPlaceholders(content).length === 0;
  return isLiteral ? { role, content } : { problem: "it has {{…}} in a message that is no template" };
}

function readMessages(template: Constructed | null): Read {
  if (template?.kind === "PromptTemplate") {
    const read = readText({ lc: 1, type: "constructor", id: [template.kind], kwargs: template.values });
    return "text" in read ? { messages: [{ role: "user", content: read.text }] } : read;
  }
  if (template?.kind === "StructuredPrompt") return { problem: "it has a schema for its answers" };
  const values = template?.kind === "ChatPromptTemplate" ? template.values["messages"] : undefined;
  if (!Array.isArray(values)) return { problem: "it is no chat and no text" };
  const messages: Message[] = [];
  for (const value of values) {
    const read = readMessage(value);
    if ("problem" in read) return read;
    messages.push(read);
  }
  if (messages.length === 0) return { problem: "it has no message" };
  return isFilled(template?.values["partial_variables"])
    ? { problem: "it has variables that are filled in already" }
    : { messages };
}

const SEQUENCES = new Set(["RunnableSequence", "PromptPlayground"]);

interface Parts {
  readonly template: Constructed | null;
  readonly model: VendorRevision["model"];
  readonly problem: string | null;
}

/** The template of a manifest, and the model where it was saved with one. */
function partsOf(manifest: unknown): Parts {
  const whole = constructed(manifest);
  if (whole === null || !SEQUENCES.has(whole.kind)) return { template: whole, model: null, problem: null };
  const { first, middle, last } = whole.values;
  const end = constructed(last);
  const isBound = end?.kind === "RunnableBinding";
  const options = isBound ? end.values["kwargs"] : {};
  const values = (isBound ? constructed(end.values["bound"]) : end)?.values ?? {};
  const name = [values["model"], values["model_name"]].find((one) => typeof one === "string");
  const model = name === undefined ? null : { name, parameters: readModelParameters(values) };
  const isChain = Array.isArray(middle) && middle.length > 0;
  const problem = isChain
    ? "it is a chain of several steps"
    : isFilled(options)
      ? "its model has tools or options of its own"
      : null;
  return { template: constructed(first), model, problem };
}

function instant(text: string | null | undefined): string | null {
  const time = langsmithTime(text ?? "");
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** A commit as the registry reads it; `order` counts the prompt's commits from 1, oldest first. */
export function revisionOf(row: CommitRow, order: number): VendorRevision {
  const { template, model, problem } = partsOf(row.manifest);
  const read: Read = problem === null ? readMessages(template) : { problem };
  return {
    id: row.id,
    order,
    messages: "messages" in read ? read.messages : null,
    problem: "problem" in read ? read.problem : null,
    envelope: envelopeOf(row.manifest),
    model,
    createdAt: instant(row.created_at),
    createdBy: null,
    note: row.description ?? "",
  };
}

interface Written {
  readonly format: "f-string" | "mustache";
  readonly texts: readonly string[];
}

/** LangChain escapes the values of mustache for HTML in Python: an f-string says what is meant wherever it can. */
function written(messages: readonly Message[]): Written | { readonly problem: string } {
  const texts = messages.map(({ content }) => toFString(content));
  const asFString = texts.flatMap((one) => (one.kind === "text" ? [one.text] : []));
  if (asFString.length === messages.length) return { format: "f-string", texts: asFString };
  const contents = messages.map(({ content }) => content);
  const problem = contents.map(mustacheProblem).find((one) => one !== null);
  return problem === undefined ? { format: "mustache", texts: contents } : { problem };
}

/** Why LangSmith cannot have these messages so that they come back the same; null = it can. */
export function messagesProblem(messages: readonly Message[]): string | null {
  const stored = messages.map(({ content }) => unstorable(content)).find((problem) => problem !== null);
  if (stored !== undefined) return stored;
  const result = written(messages);
  return "problem" in result ? result.problem : null;
}

function construction(kind: string, place: string, kwargs: object): object {
  return { lc: 1, type: "constructor", id: ["langchain", "prompts", place, kind], kwargs };
}

const CLASSES: Readonly<Record<Role, string>> = {
  system: "SystemMessagePromptTemplate",
  developer: "SystemMessagePromptTemplate",
  user: "HumanMessagePromptTemplate",
  assistant: "AIMessagePromptTemplate",
};

const LONGEST_NOTE = 1000;

/** The body of a new commit. The messages are known to have no problem. */
export function creationOf({ messages, envelope, note }: VendorContent): Readonly<Record<string, unknown>> {
  const result = written(messages);
  if ("problem" in result) throw new RangeError("messages are checked before they are written");
  const templates = messages.map(({ role, content }, at) => {
    const variables = { input_variables: textVariables(content), template_format: result.format };
    const prompt = construction("PromptTemplate", "prompt", { template: result.texts[at], ...variables });
    const extra = role === "developer" ? { additional_kwargs: { [OPENAI_ROLE]: role } } : {};
    return construction(CLASSES[role], "chat", { prompt, ...extra });
  });
  const kwargs = {
    messages: templates,
    input_variables: templateVariables({ messages }),
    metadata: metadataWith(envelope),
  };
  return {
    manifest: construction("ChatPromptTemplate", "chat", kwargs),
    description: note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE - 1)}…` : note,
  };
}
