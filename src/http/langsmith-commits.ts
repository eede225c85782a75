import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { PlatformApi } from "./platform-api.ts";

/** One commit of a prompt; it never changes. */
export const commitRow = z.object({
  /** What tags point at. */
  id: z.string(),
  /** What applications and runs name. */
  commit_hash: z.string(),
  /** A serialised object of LangChain. */
  manifest: z.unknown(),
  description: z.string().nullish(),
  created_at: z.string().nullish(),
});
export type CommitRow = z.infer<typeof commitRow>;

const OURS = "promptgate";
const ourManifest = z.object({
  kwargs: z.object({ metadata: z.object({ [OURS]: z.string().transform(parsed) }) }),
});
const anyRecord = z.record(z.string(), z.unknown());

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * The metadata of a template with what promptgate keeps in it: as text, because LangChain makes objects, and reads
 * secrets, of what looks like them in the values of a manifest.
 */
export function metadataWith(envelope: object): object {
  return { [OURS]: JSON.stringify(envelope) };
}

/** What promptgate keeps in a manifest; null for one that somebody made by hand. */
export function envelopeOf(manifest: unknown): Readonly<Record<string, unknown>> | null {
  const ours = ourManifest.safeParse(manifest);
  const envelope = anyRecord.safeParse(ours.data?.kwargs.metadata[OURS]);
  return envelope.data ?? null;
}

const commitPage = z.object({ commits: z.array(commitRow), total: z.int().nonnegative() });

const PAGE = 100;
/** Where most is known already, little is new. */
const FIRST_PAGE = 10;
const MOST_PAGES = 1000;

/** Path of a prompt of the workspace under `repos` or `commits`. */
export function hubPath(kind: "repos" | "commits", name: string): string {
  return `/${kind}/-/${encodeURIComponent(name)}`;
}

/** Null when there is no such prompt. */
async function readPage(
  api: PlatformApi,
  name: string,
  place: { readonly offset: number; readonly limit: number },
): Promise<z.infer<typeof commitPage> | null> {
  const query = { ...place, include_stats: "false" };
  const request = { method: "GET", path: hubPath("commits", name), query, accept: [404] } as const;
  const answer = await api.send(request);
  if (answer.status !== 404) return api.read(commitPage, answer);
  if (place.offset === 0) return null;
  // A listing that broke off is no prompt without commits.
  throw api.refusal(request, answer);
}

/** Commits after the commit `until`, oldest first, or all of them where it is not met. */
async function readAfter(
  api: PlatformApi,
  name: string,
  until: string | undefined,
): Promise<{ readonly rows: readonly CommitRow[]; readonly met: boolean; readonly total: number }> {
  // Commits that arrive meanwhile push others to the next page.
  const rows = new Map<string, CommitRow>();
  const oldestFirst = (): CommitRow[] => [...rows.values()].toReversed();
  let total: number | null = null;
  for (let page = 0, offset = 0; page < MOST_PAGES; page += 1) {
    const limit = page === 0 && until !== undefined ? FIRST_PAGE : PAGE;
    const read = await readPage(api, name, { offset, limit });
    if (read === null) return { rows: [], met: false, total: 0 };
    total ??= read.total;
    for (const row of read.commits) {
      if (row.id === until) return { rows: oldestFirst(), met: true, total };
      rows.set(row.id, row);
    }
    offset += read.commits.length;
    if (read.commits.length === 0 || offset >= read.total) return { rows: oldestFirst(), met: false, total };
  }
  throw new GateError(api.failure, `langsmith: ${name} has more than ${MOST_PAGES * PAGE} commits`, {
    hint: "start a prompt with another name",
  });
}

/**
 * Reads the commits of a prompt, oldest first; empty when there is no such prompt. Those that were read before are not
 * read again, unless the prompt was deleted and made anew, or a commit turned up among older ones.
 */
export function commitReader(api: PlatformApi): (name: string) => Promise<readonly CommitRow[]> {
  const known = new Map<string, readonly CommitRow[]>();
  return async (name) => {
    const before = known.get(name) ?? [];
    const { rows: newer, met, total } = await readAfter(api, name, before.at(-1)?.id);
    const joined = met ? [...before, ...newer] : newer;
    const rows = met && joined.length < total ? (await readAfter(api, name, undefined)).rows : joined;
    known.set(name, rows);
    return rows;
  };
}
