import * as z from "zod";
import { visibleLine } from "../domain/visible.ts";
import type { PromptRow } from "../http/langfuse-prompts.ts";
import { readModelParameters } from "./vendor/model-parameters.ts";
import { readEach, readPlainMessage, type ReadMessage, type ReadMessages } from "./vendor/read-messages.ts";
import { mustacheProblem, unstorable } from "./vendor/template-syntax.ts";
import type { VendorContent, VendorEnvelope, VendorRevision } from "./vendor/vendor.ts";

/** The key of a version's config that holds what is ours; the keys beside it are for applications that read them. */
const OURS = "promptgate";

const COMPOSITION = /@@@\s*langfusePrompt:/i;

const placeholder = z.object({ type: z.literal("placeholder"), name: z.string() });

/** Why a text would mean more on Langfuse than it does here, or less; null = it means the same. */
export function contentProblem(content: string): string | null {
  if (COMPOSITION.test(content)) return "it includes another prompt (@@@langfusePrompt…@@@)";
  return unstorable(content) ?? mustacheProblem(content);
}

function readMessage(value: unknown): ReadMessage {
  const slot = placeholder.safeParse(value);
  if (!slot.success) return readPlainMessage(value, contentProblem);
  return { problem: `it has the placeholder "${visibleLine(slot.data.name, 60)}" for messages` };
}

/** A text prompt is one message of the user. */
function readMessages({ prompt }: PromptRow): ReadMessages {
  return readEach(typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt, readMessage);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Model and parameters as people write them into the config of a prompt, in either spelling. */
function handMadeModel(config: unknown): VendorRevision["model"] {
  if (!isRecord(config)) return null;
  const name = [config["model"], config["model_name"]].find((value) => typeof value === "string");
  if (name === undefined) return null;
  return { name, parameters: readModelParameters(config) };
}

/** The number and the row's own id: the number of a deleted version is given to another one. */
export function revisionId({ version, id }: Pick<PromptRow, "version" | "id">): string {
  return id === undefined ? String(version) : `${version}.${id}`;
}

/** A version of Langfuse as the registry reads it; its labels are not part of it. */
export function revisionOf(row: PromptRow): VendorRevision {
  const read = readMessages(row);
  const isReadable = "messages" in read;
  const envelope = isRecord(row.config) ? row.config[OURS] : undefined;
  return {
    id: revisionId(row),
    order: row.version,
    messages: isReadable ? read.messages : null,
    problem: isReadable ? null : read.problem,
    envelope: isRecord(envelope) ? envelope : null,
    model: handMadeModel(row.config),
    createdAt: instant(row.createdAt),
    createdBy: row.createdBy ?? null,
    note: row.commitMessage ?? "",
  };
}

function instant(text: string | null | undefined): string | null {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

const LONGEST_NOTE = 500;

/** The body of a new version, without a label. */
export function creationOf(
  name: string,
  { messages, envelope, note, model }: VendorContent,
): Readonly<Record<string, unknown>> & { readonly config: VendorEnvelope } {
  return {
    name,
    type: "chat",
    prompt: messages.map(({ role, content }) => ({ type: "chatmessage", role, content })),
    config: { model: model.name, ...model.parameters, [OURS]: envelope },
    labels: [],
    commitMessage: note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE - 1)}…` : note,
  };
}
