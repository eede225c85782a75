import { readdir } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { parseSource } from "../../config/document-file.ts";
import { pathInside } from "../../config/text-file.ts";
import type { Message } from "../../domain/prompt.ts";
import { visibleLine } from "../../domain/visible.ts";
import {
  childOf,
  isCode,
  isFields,
  itemsOf,
  readText,
  type Fields,
  type ImportSource,
  type Located,
} from "./located.ts";
import { settingsOf } from "./providers.ts";
import { freeName, slug, templateLogic } from "./templates.ts";

/** A prompt as this project knows one, before it has a model. */
export interface ImportedPrompt {
  readonly place: Located;
  readonly name: string;
  /** What providers and tests refer to. */
  readonly labels: readonly string[];
  readonly messages: readonly Message[];
  readonly settings: Fields;
}

/** One text that promptfoo would send, and where it came from. */
interface RawPrompt {
  readonly text: string;
  /** The file it stood in; null = in the config itself. */
  readonly file: string | null;
}

const DELIMITER = /^[ \t]*---[ \t\r]*$/m;
const TEXT_SUFFIXES = [".txt", ".md", ".j2"];
const CHAT_SUFFIXES = [".json", ".yaml", ".yml"];
const PATH = /^(?:\.{0,2}\/)?[\w./*-]+\.(?:txt|md|j2|json|ya?ml|jsonl|csv|[cm]?[jt]s|py)(?::\w+)?$/;
const ROLES = ["system", "developer", "user", "assistant"];

function messagesOfList(value: unknown): Message[] | string {
  if (!Array.isArray(value) || value.length === 0) return "it is no list of messages";
  const messages: Message[] = [];
  for (const item of value as readonly unknown[]) {
    if (!isFields(item) || typeof item["role"] !== "string") return "it is no list of messages";
    const { role, content } = item;
    if (!ROLES.includes(role)) return `the role ${visibleLine(role, 40)} is none of ${ROLES.join(", ")}`;
    if (typeof content !== "string") return "a message's content is no text";
    messages.push({ role: role as Message["role"], content });
  }
  return messages;
}

function looksLikeChat(text: string): boolean {
  return /^\s*\[\s*\{/.test(text) || /^\s*-\s+role:/.test(text);
}

/** The messages of a prompt's text, or why there are none. */
function messagesOf({ text, file }: RawPrompt): Message[] | string {
  const isChat =
    (file !== null && CHAT_SUFFIXES.includes(extname(file).toLowerCase())) || looksLikeChat(text);
  if (!isChat) return [{ role: "user", content: text }];
  const parsed = parseSource(text.trimStart().startsWith("[") ? "prompt.json" : "prompt.yaml", text);
  return parsed.kind === "parsed"
    ? messagesOfList(parsed.document.value)
    : `it is no list of messages: ${parsed.problems[0]?.message ?? ""}`;
}

/** Files of one folder that a pattern with `*` in its last part names; null = another kind of pattern. */
async function matching(source: ImportSource, pattern: string): Promise<string[] | null> {
  const [folder, name] = [dirname(pattern), basename(pattern)];
  if (/[*?[\]{}]/.test(folder) || /[?[\]{}]|\*.*\*/.test(name)) return null;
  const located = await pathInside(source.root, folder);
  if (located.kind === "unreadable") return [];
  const parts = name.split("*").map((part) => part.replace(/[.+^$()|\\]/g, "\\$&"));
  const wanted = new RegExp(`^${parts.join("[^/]*")}$`);
  const names = await readdir(located.path).catch(() => [] as string[]);
  return names
    .filter((file) => wanted.test(file))
    .sort()
    .map((file) => join(folder, file));
}

async function rawPromptsOfFile(source: ImportSource, place: Located, file: string): Promise<RawPrompt[]> {
  const suffix = extname(file).toLowerCase();
  if (!isCode(file) && ![...TEXT_SUFFIXES, ...CHAT_SUFFIXES].includes(suffix)) {
    source.notes.lost(place, `prompts are read from ${[...TEXT_SUFFIXES, ...CHAT_SUFFIXES].join(", ")}`);
    return [];
  }
  const text = await readText(source, place, file);
  if (text === null) return [];
  const texts = suffix === ".txt" ? text.split(DELIMITER) : [text];
  return texts
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => ({ text: part, file }));
}

async function rawPrompts(source: ImportSource, place: Located, text: string): Promise<RawPrompt[]> {
  const isFile = text.startsWith("file://") || (!text.includes("\n") && PATH.test(text));
  if (!isFile) {
    if (!/^(?:exec|[a-z]+:\/\/)/.test(text)) return [{ text, file: null }];
    source.notes.lost(place, "the prompt lives elsewhere or is made by a program");
    return [];
  }
  const file = text.replace(/^file:\/\//, "");
  if (!file.includes("*")) return rawPromptsOfFile(source, place, file);
  const files = await matching(source, file);
  if (files === null || files.length === 0) {
    source.notes.lost(
      place,
      files === null ? "only one * in a file's name is understood" : "no file matches",
    );
    return [];
  }
  const read: RawPrompt[] = [];
  for (const each of files) read.push(...(await rawPromptsOfFile(source, place, each)));
  return read;
}

const KNOWN_KEYS = ["id", "label", "raw", "config", "display"];

interface Entry {
  readonly place: Located;
  readonly text: string;
  readonly labels: readonly string[];
  readonly config: Located;
}

/** `text`, `{raw, id, label, config}` and `{PATH: label}` as one shape. */
function entriesOf(source: ImportSource, prompts: Located): Entry[] {
  const { value } = prompts;
  const isLegacyMap = isFields(value) && value["raw"] === undefined && value["id"] === undefined;
  const places = isLegacyMap ? Object.keys(value).map((key) => childOf(prompts, key)) : itemsOf(prompts);
  return places.flatMap((place): Entry[] => {
    const config = childOf(place, "config");
    const key = place.path.at(-1);
    if (isLegacyMap && typeof key === "string")
      return [{ place, text: key, labels: [String(place.value)], config }];
    if (typeof place.value === "string") return [{ place, text: place.value, labels: [], config }];
    const fields = isFields(place.value) ? place.value : {};
    const text = fields["raw"] ?? fields["id"];
    if (typeof text !== "string") {
      source.notes.lost(place, "expected text, a file, or raw, id and label");
      return [];
    }
    for (const unknown of Object.keys(fields).filter((name) => !KNOWN_KEYS.includes(name))) {
      source.notes.lost(childOf(place, unknown), "has no counterpart here");
    }
    const labels = [fields["label"], fields["id"]].filter((label) => typeof label === "string");
    return [{ place, text, labels, config }];
  });
}

function nameOf({ labels }: Entry, { file }: RawPrompt, fallback: string): string {
  const [label = ""] = labels;
  const plain = label.replace(/^file:\/\//, "");
  const words = label !== "" && !plain.includes("{{") ? basename(plain, extname(plain)) : "";
  return slug(words, 50) || slug(file === null ? "" : basename(file, extname(file)), 50) || fallback;
}

/** The prompts that can be carried, in their order, each with a name of its own; the others are noted. */
export async function importPrompts(
  source: ImportSource,
  prompts: Located,
  fallback: string,
): Promise<ImportedPrompt[]> {
  const taken = new Set<string>();
  const imported: ImportedPrompt[] = [];
  for (const entry of entriesOf(source, prompts)) {
    for (const raw of await rawPrompts(source, entry.place, entry.text)) {
      const where = raw.file === null ? "" : `${visibleLine(raw.file, 120)}: `;
      const messages = messagesOf(raw);
      if (typeof messages === "string") {
        source.notes.lost(entry.place, `${where}${messages}`);
        continue;
      }
      const logic = messages.map(({ content }) => templateLogic(content)).find((found) => found !== null);
      if (logic !== undefined && logic !== null) {
        const message = `${where}${visibleLine(logic, 60)} is template logic; a prompt here has {{name}} and nothing else`;
        source.notes.lost(entry.place, message);
        continue;
      }
      const name = freeName(nameOf(entry, raw, fallback), taken);
      const labels = [...entry.labels, entry.text, ...(raw.file === null ? [] : [raw.file])];
      const settings = await settingsOf(source, entry.config);
      imported.push({ place: entry.place, name, labels, messages, settings });
    }
  }
  return imported;
}
