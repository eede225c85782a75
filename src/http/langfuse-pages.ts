import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { LangfuseApi } from "./langfuse.ts";

/** A listing: its path and filters, and how many rows a page may have. */
export interface Listing {
  readonly path: string;
  readonly limit: number;
  readonly query: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal;
}

const MOST_PAGES = 2000;

function tooMany({ failure }: LangfuseApi, path: string): GateError {
  return new GateError(failure, `langfuse: ${path} has more than ${MOST_PAGES} pages`, {
    hint: "ask for less: a shorter soak, or an export that source jsonl reads",
  });
}

function requestOf({ path, limit, query, signal }: Listing, place: Readonly<Record<string, unknown>>) {
  const asked = { ...query, limit, ...(place as Record<string, string | number | undefined>) };
  return { method: "GET", path, query: asked, ...(signal === undefined ? {} : { signal }) } as const;
}

/** The rows of a listing with numbered pages, page by page: whoever has enough asks for no further one. */
export async function* numberedPages<Row extends z.ZodType>(
  api: LangfuseApi,
  row: Row,
  listing: Listing,
): AsyncGenerator<z.infer<Row>[], void, undefined> {
  const schema = z.object({ data: z.array(row), meta: z.object({ totalPages: z.int().nonnegative() }) });
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { data, meta } = api.read(schema, await api.send(requestOf(listing, { page })));
    yield data;
    if (page >= meta.totalPages || data.length === 0) return;
  }
  throw tooMany(api, listing.path);
}

/** All rows of a listing with numbered pages. */
export async function numberedRows<Row extends z.ZodType>(
  api: LangfuseApi,
  row: Row,
  listing: Listing,
): Promise<z.infer<Row>[]> {
  const rows: z.infer<Row>[] = [];
  for await (const page of numberedPages(api, row, listing)) rows.push(...page);
  return rows;
}

/** All rows of a listing with cursors; null when this kind of server has no such listing. */
export async function cursorRows<Row extends z.ZodType>(
  api: LangfuseApi,
  row: Row,
  listing: Listing,
): Promise<z.infer<Row>[] | null> {
  const schema = z.object({ data: z.array(row), meta: z.object({ cursor: z.string().nullish() }) });
  const rows: z.infer<Row>[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await api.send({ ...requestOf(listing, { cursor }), accept: [404] });
    // A listing that broke off is not one that does not exist.
    if (answer.status === 404 && page === 0) return null;
    const { data, meta } = api.read(schema, answer);
    rows.push(...data);
    if (meta.cursor === null || meta.cursor === undefined) return rows;
    cursor = meta.cursor;
  }
  throw tooMany(api, listing.path);
}
