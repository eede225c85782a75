import pLimit from "p-limit";
import * as z from "zod";
import { canonicalJson } from "../domain/digest.ts";
import { numberedRows } from "./langfuse-pages.ts";
import type { LangfuseApi } from "./langfuse.ts";

/** What Langfuse keeps of one version of a prompt; all but `labels` never changes. */
export const promptRow = z.object({
  /** Tells a version from a later one of the same number: numbers of deleted versions are used again. */
  id: z.string().optional(),
  name: z.string(),
  version: z.int().positive(),
  type: z.enum(["text", "chat"]),
  prompt: z.union([z.string(), z.array(z.unknown())]),
  config: z.unknown(),
  labels: z.array(z.string()),
  commitMessage: z.string().nullish(),
  createdAt: z.string().nullish(),
  createdBy: z.string().nullish(),
});
export type PromptRow = z.infer<typeof promptRow>;

const promptSummary = z.object({
  name: z.string(),
  versions: z.array(z.int().positive()),
  labels: z.array(z.string()),
  lastUpdatedAt: z.string(),
});

/** One prompt as the list shows it, restricted to the versions that the filters let through. */
type PromptSummary = z.infer<typeof promptSummary>;

const PAGE = 100;
const READS_AT_ONCE = 8;

/** Path of one prompt: names may hold slashes. */
export function promptPath(name: string): string {
  return `/api/public/v2/prompts/${encodeURIComponent(name)}`;
}

/** All prompts that the filters let through; the list is never cached by the server. */
export async function promptSummaries(
  api: LangfuseApi,
  filters: { readonly name?: string; readonly label?: string; readonly fromUpdatedAt?: string } = {},
): Promise<PromptSummary[]> {
  return numberedRows(api, promptSummary, { path: "/api/public/v2/prompts", limit: PAGE, query: filters });
}

/** One version as it is stored, past the server's cache; null when there is none. */
async function readPromptRow(api: LangfuseApi, name: string, version: number): Promise<PromptRow | null> {
  const query = { version, resolve: "false" };
  const answer = await api.send({ method: "GET", path: promptPath(name), query, accept: [404] });
  return answer.status === 404 ? null : api.read(promptRow, answer);
}

/** A prompt at one moment: its labels, and its versions by number, oldest first. */
export interface PromptState {
  readonly labels: readonly string[];
  readonly rows: readonly PromptRow[];
}

interface Known {
  readonly rows: ReadonlyMap<number, PromptRow>;
  readonly lastUpdatedAt: string;
}

/**
 * Reads prompts whole. Versions never change, so each is fetched once and again only when the server changed something
 * at it since: a new label, or another version under the number of a deleted one.
 */
export function promptReader(api: LangfuseApi): (name: string) => Promise<PromptState> {
  const known = new Map<string, Known>();

  async function changedSince(name: string, last: Known, now: PromptSummary): Promise<readonly number[]> {
    if (last.lastUpdatedAt === now.lastUpdatedAt) return [];
    const changed = await promptSummaries(api, { name, fromUpdatedAt: last.lastUpdatedAt });
    return changed.filter((summary) => summary.name === name).flatMap(({ versions }) => versions);
  }

  return async (name) => {
    const summary = (await promptSummaries(api, { name })).find((one) => one.name === name);
    if (summary === undefined) {
      known.delete(name);
      return { labels: [], rows: [] };
    }
    const last = known.get(name);
    const changed = last === undefined ? [] : await changedSince(name, last, summary);
    const limit = pLimit(READS_AT_ONCE);
    const numbers = [...new Set(summary.versions)].sort((left, right) => left - right);
    const rows = await limit.map(numbers, async (number) => {
      const row = changed.includes(number) ? undefined : last?.rows.get(number);
      return row ?? readPromptRow(api, name, number);
    });
    const found = rows.filter((row) => row !== null);
    const byNumber = new Map(found.map((row) => [row.version, row]));
    known.set(name, { rows: byNumber, lastUpdatedAt: summary.lastUpdatedAt });
    return { labels: summary.labels, rows: found };
  };
}

const ownConfig = z.looseObject({
  promptgate: z.looseObject({ schema: z.literal("promptgate/version@1"), version: z.string() }),
});

/**
 * The version that a number of Langfuse is, as the registry has it: of two with one version the older counts, and what
 * somebody made of a version of ours by hand is theirs.
 */
export function versionsByNumber(rows: readonly PromptRow[]): Map<number, string> {
  const versions = new Map<number, string>();
  const contents = new Map<string, string>();
  const known = new Set<string>();
  for (const { version: number, prompt, config } of rows) {
    const parsed = ownConfig.safeParse(config);
    const { promptgate = null, ...rest } = parsed.data ?? {};
    const text = canonicalJson(promptgate);
    const content = canonicalJson([prompt, rest]);
    const isOurs = promptgate !== null && (contents.get(text) ?? content) === content;
    if (promptgate !== null && !contents.has(text)) contents.set(text, content);
    const version = isOurs ? promptgate.version : `0.0.${number}`;
    if (!known.has(version)) versions.set(number, version);
    known.add(version);
  }
  return versions;
}
