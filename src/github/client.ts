import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import { openOctokit, type Exchange, type ExchangeOptions } from "./exchange.ts";

/** What GitHub says to one request. A refusal is an answer: who asked decides whether it matters. */
export type Answer<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

/** GitHub's REST interface for one repository. Network faults and rate limits that last throw `NETWORK` or `RATE_LIMITED`. */
export interface GitHubClient {
  get<Value>(path: string, schema: z.ZodType<Value>): Promise<Answer<Value>>;
  /** All pages, 100 entries each, at most `pages`. */
  list<Value>(path: string, schema: z.ZodType<Value>, pages?: number): Promise<Answer<readonly Value[]>>;
  send<Value>(
    method: "POST" | "PATCH",
    path: string,
    body: unknown,
    schema: z.ZodType<Value>,
  ): Promise<Answer<Value>>;
  /** Requests that were sent so far. */
  requests(): number;
}

const MOST_PAGES = 30;

const failure = z.object({ message: z.string() });

/** False for the last page, and where the next one is elsewhere: the token goes nowhere but to the address it is meant for. */
function hasNextPage({ headers }: Exchange, apiUrl: string): boolean {
  const next = /<([^<>]+)>\s*;[^,]*\brel="next"/.exec(String(headers["link"] ?? ""))?.[1];
  return next !== undefined && URL.canParse(next) && new URL(next).origin === new URL(apiUrl).origin;
}

function parsed<Value>({ data }: Exchange, schema: z.ZodType<Value>, path: string): Value {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw new GateError("NETWORK", `GitHub answered ${path} with something else than its interface says`, {
    hint: "is a proxy or an older Enterprise server in between?",
    cause: result.error,
  });
}

function isOk({ status }: Exchange): boolean {
  return status >= 200 && status < 300;
}

function refusal({ status, data }: Exchange): Answer<never> {
  const said = failure.safeParse(data);
  return { kind: "refused", status, message: said.success ? visibleLine(said.data.message, 200) : "" };
}

/** An Enterprise server has its two interfaces side by side. */
function address(apiUrl: string, path: string): string {
  const root = apiUrl.replace(/\/$/, "");
  return path === "/graphql" ? `${root.replace(/\/v3$/, "")}${path}` : `${root}${path}`;
}

/** Opens the interface; nothing is asked before the first call. */
export function gitHubClient(options: ExchangeOptions): GitHubClient {
  const { apiUrl } = options;
  let sent = 0;
  let opened: ReturnType<typeof openOctokit> | undefined;

  function octokit(): ReturnType<typeof openOctokit> {
    opened ??= openOctokit(options, () => (sent += 1));
    return opened;
  }

  async function ask<Value>(
    {
      method,
      path,
      data,
    }: { readonly method: "GET" | "POST" | "PATCH"; readonly path: string; readonly data?: unknown },
    schema: z.ZodType<Value>,
  ): Promise<Answer<Value>> {
    const { request } = await octokit();
    const answer: Exchange = await request({
      method,
      url: address(apiUrl, path),
      ...(data === undefined ? {} : { data }),
    });
    return isOk(answer) ? { kind: "ok", value: parsed(answer, schema, path) } : refusal(answer);
  }

  return {
    get: (path, schema) => ask({ method: "GET", path }, schema),
    send: (method, path, body, schema) => ask({ method, path, data: body }, schema),
    list: async (path, schema, pages = MOST_PAGES) => {
      const { paginate } = await octokit();
      const values: z.infer<typeof schema>[] = [];
      let count = 0;
      for await (const page of paginate.iterator(`GET ${address(apiUrl, path)}`, { per_page: 100 })) {
        const answer: Exchange = page;
        if (!isOk(answer)) return refusal(answer);
        values.push(...parsed(answer, z.array(schema), path));
        count += 1;
        if (count >= pages || !hasNextPage(answer, apiUrl)) break;
      }
      return { kind: "ok", value: values };
    },
    requests: () => sent,
  };
}
