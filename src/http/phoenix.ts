import * as z from "zod";
import { GateError, type ErrorCode } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import { platformApi, type PlatformApi } from "./platform-api.ts";

/** How to reach a Phoenix. */
export interface PhoenixConnection {
  /** Without `/v1` and without a slash at the end. */
  readonly baseUrl: string;
  /** Never printed; null where the server asks for none. */
  readonly apiKey: string | null;
  readonly timeoutMs: number;
  /** Waits between attempts; handed in by tests. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** A client of one server; `failure` is the code of answers that make no sense. */
export function phoenixApi(connection: PhoenixConnection, failure: ErrorCode): PlatformApi {
  const { baseUrl, apiKey, timeoutMs, wait } = connection;
  return platformApi({
    service: "phoenix",
    baseUrl,
    headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
    failure,
    timeoutMs,
    credentialsHint: "check apiKey, and that its user is a member or an admin: viewers may not write",
    ...(wait === undefined ? {} : { wait }),
  });
}

/** A listing with cursors: its path with filters, and how many rows a page may have. */
export interface PhoenixListing<Row> {
  readonly path: string;
  readonly limit: number;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** True for the last page that is of interest. */
  readonly isEnough?: (page: readonly Row[]) => boolean;
  /** True where there may be nothing of the name: no rows then. */
  readonly mayBeMissing?: boolean;
  readonly signal?: AbortSignal;
}

const MOST_PAGES = 2000;

function tooMany({ failure }: PlatformApi, path: string): GateError {
  return new GateError(failure, `phoenix: ${path} has more than ${MOST_PAGES} pages`, {
    hint: "ask for less: a shorter soak, or a log that source jsonl reads",
  });
}

/** The rows of a listing, page by page. */
export async function phoenixRows<Row extends z.ZodType>(
  api: PlatformApi,
  row: Row,
  listing: PhoenixListing<z.infer<Row>>,
): Promise<z.infer<Row>[]> {
  const { path, limit, query, isEnough, mayBeMissing = false, signal } = listing;
  const schema = z.object({ data: z.array(row), next_cursor: z.string().nullish() });
  const accept = mayBeMissing ? { accept: [404] } : {};
  const rows: z.infer<Row>[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const asked = { method: "GET", path, query: { ...query, limit, cursor }, ...accept } as const;
    const answer = await api.send(signal === undefined ? asked : { ...asked, signal });
    if (answer.status === 404) return [];
    const { data, next_cursor: next } = api.read(schema, answer);
    rows.push(...data);
    if (next === null || next === undefined || isEnough?.(data) === true) return rows;
    cursor = next;
  }
  throw tooMany(api, path);
}

/** What the server's web page reads by, for what the rest of the API has no call for. */
interface PhoenixQuestion {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

const refused = z.object({ errors: z.array(z.object({ message: z.string() })).min(1) });

/** The data of a GraphQL query; throws the caller's failure when the server does not know what is asked. */
export async function phoenixQuery<Schema extends z.ZodType>(
  api: PlatformApi,
  schema: Schema,
  { query, variables, signal }: PhoenixQuestion,
): Promise<z.infer<Schema>> {
  const asked = { method: "POST", path: "/graphql", body: { query, variables }, repeatable: true } as const;
  const answer = await api.send(signal === undefined ? asked : { ...asked, signal });
  const errors = refused.safeParse(answer.json);
  if (errors.success) {
    const words = visibleLine(errors.data.errors[0]?.message ?? "", 200);
    throw new GateError(api.failure, `phoenix: POST /graphql was refused: ${words}`, {
      hint: "promptgate was tried with Phoenix 20: another version may have other names for it",
    });
  }
  const { data } = api.read(z.object({ data: z.unknown() }), answer);
  return api.read(schema, { ...answer, json: data });
}

/** Where a page of a query ends. */
export const phoenixPageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });

/** Asks page by page, `after` null at first, until there is no further page or `read` has what it wanted. */
export async function phoenixPages(
  api: PlatformApi,
  read: (after: string | null) => Promise<z.infer<typeof phoenixPageInfo> | "enough">,
): Promise<void> {
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const end: Awaited<ReturnType<typeof read>> = await read(after);
    if (end === "enough" || !end.hasNextPage) return;
    after = end.endCursor;
  }
  throw tooMany(api, "POST /graphql");
}
