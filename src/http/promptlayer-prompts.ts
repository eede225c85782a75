import pLimit from "p-limit";
import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { PlatformApi } from "./platform-api.ts";

/** What PromptLayer keeps of one version of a prompt; it never changes. */
export const promptRow = z.object({
  /** Of the prompt: a prompt that was deleted and made again has another one. */
  id: z.int().positive(),
  prompt_name: z.string(),
  version: z.int().positive(),
  prompt_template: z.record(z.string(), z.unknown()),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  commit_message: z.string().nullish(),
  created_at: z.string().nullish(),
});
export type PromptRow = z.infer<typeof promptRow>;

/** The key of a version's metadata that holds what is ours, as one text: no server can reorder or round it. */
export const OURS = "promptgate";

/** What promptgate keeps with a version; null when there is nothing of ours. */
export function envelopeOf({
  metadata,
}: Pick<PromptRow, "metadata">): Readonly<Record<string, unknown>> | null {
  const text = metadata?.[OURS];
  if (typeof text !== "string") return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

const ownVersion = z.object({ schema: z.literal("promptgate/version@1"), version: z.string() });

/**
 * The version that a number of PromptLayer is, as the registry has it: of two with one version the older counts, and what
 * somebody made of a version of ours by hand is theirs.
 */
export function versionsByNumber(rows: readonly PromptRow[]): Map<number, string> {
  const versions = new Map<number, string>();
  const contents = new Map<string, string>();
  const known = new Set<string>();
  for (const row of rows) {
    const content = JSON.stringify([row.prompt_template, row.metadata?.["model"]]);
    const text = String(row.metadata?.[OURS]);
    const parsed = ownVersion.safeParse(envelopeOf(row));
    const isOurs = parsed.success && (contents.get(text) ?? content) === content;
    if (parsed.success && !contents.has(text)) contents.set(text, content);
    const version = isOurs ? parsed.data.version : `0.0.${row.version}`;
    if (!known.has(version)) versions.set(row.version, version);
    known.add(version);
  }
  return versions;
}

const listedPrompt = z.object({
  id: z.int().positive(),
  prompt_name: z.string(),
  is_snippet: z.boolean().nullish(),
});
const listing = z.object({ items: z.array(listedPrompt), has_next: z.boolean() });

const releaseLabels = z.object({
  release_labels: z.array(
    z.object({
      release_label: z.string(),
      release_label_id: z.int().positive(),
      prompt_version_number: z.int().positive(),
      prompt_version_id: z.int().positive(),
    }),
  ),
});

/** A release label and the number of the version that it is on. */
export type ReleaseLabel = z.infer<typeof releaseLabels>["release_labels"][number];

const PAGE = 100;
const MOST_PAGES = 1000;
const READS_AT_ONCE = 8;

/** Path of one prompt by its name, or by its number. */
function promptPath(identifier: string | number): string {
  return `/prompt-templates/${encodeURIComponent(identifier)}`;
}

/** Names of all prompts but snippets whose name has `part` in it, in any case; oldest first. */
export async function promptNames(api: PlatformApi, part?: string): Promise<string[]> {
  const names: string[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    // In the order of their numbers nothing moves from one page to another while they are read.
    const query = { page, per_page: PAGE, name: part, status: "active", sort_by: "id", sort_order: "asc" };
    const answer = await api.send({ method: "GET", path: "/prompt-templates", query });
    const { items, has_next } = api.read(listing, answer);
    names.push(...items.filter((item) => item.is_snippet !== true).map((item) => item.prompt_name));
    if (!has_next || items.length === 0) return [...new Set(names)];
  }
  throw new GateError(api.failure, `promptlayer: there are more than ${MOST_PAGES} pages of prompts`, {
    hint: "use a workspace of its own for the prompts that are released",
  });
}

/** One version as it is stored, snippets not filled in, or the newest; null when there is none. */
export async function readPromptRow(
  api: PlatformApi,
  identifier: string | number,
  version?: number,
): Promise<PromptRow | null> {
  const query = { version, resolve_snippets: "false" };
  const answer = await api.send({ method: "GET", path: promptPath(identifier), query, accept: [404] });
  return answer.status === 404 ? null : api.read(promptRow, answer);
}

/** The release labels of a prompt, by its number; empty when there is no such prompt. */
export async function readReleaseLabels(api: PlatformApi, id: number): Promise<ReleaseLabel[]> {
  const answer = await api.send({ method: "GET", path: `${promptPath(id)}/labels`, accept: [404] });
  return answer.status === 404 ? [] : api.read(releaseLabels, answer).release_labels;
}

/**
 * Reads prompts whole, oldest version first. Nothing lists versions, so all numbers up to the newest are asked for, each
 * once: a version never changes.
 */
export function promptReader(api: PlatformApi): (name: string) => Promise<readonly PromptRow[]> {
  const known = new Map<string, PromptRow>();
  return async (name) => {
    const newest = await readPromptRow(api, name);
    // Another spelling of the name is another prompt.
    if (newest === null || newest.prompt_name !== name) return [];
    const { id, version: top } = newest;
    known.set(`${id}.${top}`, newest);
    const numbers = Array.from({ length: top }, (_, index) => index + 1);
    const rows = await pLimit(READS_AT_ONCE).map(numbers, async (number) => {
      const row = known.get(`${id}.${number}`) ?? (await readPromptRow(api, id, number));
      if (row !== null) known.set(`${id}.${number}`, row);
      return row;
    });
    return rows.filter((row) => row !== null);
  };
}
