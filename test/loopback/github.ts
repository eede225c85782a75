import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface StoredComment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string; readonly type: string };
}

interface ReviewEntry {
  readonly user: { readonly login: string; readonly type: string } | null;
  readonly state: string;
  readonly commit_id: string | null;
}

interface StoredIssue {
  readonly number: number;
  title: string;
  body: string;
  state: string;
  readonly user: { readonly login: string; readonly type: string };
}

/** What the loopback server knows; tests change it between runs. */
interface GitHubState {
  readonly comments: StoredComment[];
  reviews: ReviewEntry[];
  commits: { readonly author: { readonly login: string } | null }[];
  /** Login -> permission. */
  permissions: Record<string, string>;
  viewer: string | null;
  /** Status of every request that would change a comment, e.g. 403. */
  refuseWrites: number | null;
  /** Longer bodies are answered with 422. */
  largestBody: number;
  readonly issues: StoredIssue[];
  readonly deployments: { readonly request: Record<string, unknown>; readonly statuses: unknown[] }[];
  /** Environment -> types of its protection rules. */
  environments: Record<string, readonly string[]>;
  approvals: unknown[];
  /** Status of every request that would change an issue or a deployment. */
  refuseTrail: number | null;
  /** So many requests are answered with a secondary rate limit first. */
  limited: number;
}

export interface LoopbackGitHub {
  readonly url: string;
  readonly state: GitHubState;
  /** `METHOD path` of every request. */
  readonly requests: string[];
  /** Authorization headers that came. */
  readonly tokens: Set<string>;
  close(): Promise<void>;
}

const bot = { login: "github-actions[bot]", type: "Bot" };

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? null : JSON.parse(text);
}

function answer(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", etag: 'W/"1"', ...headers });
  response.end(JSON.stringify(value));
}

/** One page of a list with GitHub's `Link` header. */
function page(response: ServerResponse, url: URL, entries: readonly unknown[]): void {
  const size = Number(url.searchParams.get("per_page") ?? "30");
  const number = Number(url.searchParams.get("page") ?? "1");
  const isLast = number * size >= entries.length;
  const next = new URL(url);
  next.searchParams.set("page", String(number + 1));
  answer(
    response,
    200,
    entries.slice((number - 1) * size, number * size),
    isLast ? {} : { link: `<${next.href}>; rel="next", <${next.href}>; rel="last"` },
  );
}

function comment({ id, body, user }: StoredComment): Record<string, unknown> {
  return { id, body, user, html_url: `https://github.com/o/r/pull/7#issuecomment-${id}` };
}

function issue(stored: StoredIssue): Record<string, unknown> {
  return { ...stored, html_url: `https://github.com/o/r/issues/${stored.number}` };
}

/** A server that behaves as GitHub's REST interface describes it, for one repository `o/r`. */
export async function loopbackGitHub(): Promise<LoopbackGitHub> {
  const requests: string[] = [];
  const tokens = new Set<string>();
  const state: GitHubState = {
    comments: [],
    reviews: [],
    commits: [],
    permissions: {},
    viewer: bot.login,
    refuseWrites: null,
    largestBody: 65_536,
    issues: [],
    deployments: [],
    environments: {},
    approvals: [],
    refuseTrail: null,
    limited: 0,
  };

  function change(response: ServerResponse, body: unknown, id: number | null): void {
    const text = (body as { body: string }).body;
    if (state.refuseWrites !== null) {
      return answer(response, state.refuseWrites, { message: "Resource not accessible by integration" });
    }
    if (text.length > state.largestBody) {
      return answer(response, 422, { message: "Validation Failed", errors: ["body is too long"] });
    }
    const known = state.comments.find((each) => each.id === id);
    if (id !== null && known === undefined) return answer(response, 404, { message: "Not Found" });
    const stored = known ?? { id: 1_000 + state.comments.length, body: text, user: bot };
    if (known === undefined) state.comments.push(stored);
    stored.body = text;
    return answer(response, known === undefined ? 201 : 200, comment(stored));
  }

  function changeIssue(response: ServerResponse, body: unknown, number: number | null): void {
    const known = state.issues.find((each) => each.number === number);
    if (number !== null && known === undefined) return answer(response, 404, { message: "Not Found" });
    const empty = { title: "", body: "", state: "open" };
    const stored = known ?? { number: 20 + state.issues.length, ...empty, user: bot };
    if (known === undefined) state.issues.push(stored);
    Object.assign(stored, body);
    return answer(response, known === undefined ? 201 : 200, issue(stored));
  }

  /** What the audit trail of a rollout asks for; false for any other path. */
  function routeTrail(
    response: ServerResponse,
    url: URL,
    path: string,
    method: string,
    body: unknown,
  ): boolean {
    const environment = /^\/environments\/([^/]+)$/.exec(path)?.[1];
    const rules = environment === undefined ? undefined : state.environments[decodeURIComponent(environment)];
    const edited = /^\/issues\/(\d+)$/.exec(path)?.[1];
    const deployment = /^\/deployments\/(\d+)\/statuses$/.exec(path)?.[1];
    if (method !== "GET" && path !== "/graphql" && state.refuseTrail !== null) {
      answer(response, state.refuseTrail, { message: "Resource not accessible by integration" });
    } else if (rules !== undefined) {
      answer(response, 200, { name: environment, protection_rules: rules.map((type) => ({ type })) });
    } else if (path === "/actions/runs/77/approvals") answer(response, 200, state.approvals);
    else if (path === "/issues" && method === "GET") page(response, url, state.issues.map(issue));
    else if (path === "/issues" && method === "POST") changeIssue(response, body, null);
    else if (edited !== undefined && method === "PATCH") changeIssue(response, body, Number(edited));
    else if (path === "/deployments" && method === "POST") {
      state.deployments.push({ request: body as Record<string, unknown>, statuses: [] });
      answer(response, 201, { id: state.deployments.length });
    } else if (deployment !== undefined && method === "POST") {
      state.deployments[Number(deployment) - 1]?.statuses.push(body);
      answer(response, 201, { id: 1 });
    } else return false;
    return true;
  }

  function route(request: IncomingMessage, response: ServerResponse, url: URL, body: unknown): void {
    const path = url.pathname.replace(/^\/repos\/o\/r/, "");
    const method = request.method ?? "";
    if (state.limited > 0) {
      state.limited -= 1;
      const message =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
      return answer(response, 403, { message }, { "retry-after": "0" });
    }
    if (path === "/graphql") {
      return state.viewer === null
        ? answer(response, 403, { message: "Resource not accessible" })
        : answer(response, 200, { data: { viewer: { login: state.viewer } } });
    }
    if (path === "/issues/7/comments" && method === "GET")
      return page(response, url, state.comments.map(comment));
    if (path === "/issues/7/comments" && method === "POST") return change(response, body, null);
    const edited = /^\/issues\/comments\/(\d+)$/.exec(path);
    if (edited !== null && method === "PATCH") return change(response, body, Number(edited[1]));
    if (path === "/pulls/7/reviews") return page(response, url, state.reviews);
    if (path === "/pulls/7/commits") return page(response, url, state.commits);
    const login = /^\/collaborators\/([^/]+)\/permission$/.exec(path)?.[1];
    const permission = login === undefined ? undefined : state.permissions[decodeURIComponent(login)];
    if (permission !== undefined) return answer(response, 200, { permission });
    if (routeTrail(response, url, path, method, body)) return;
    return answer(response, 404, { message: "Not Found" });
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    requests.push(`${request.method} ${url.pathname}`);
    tokens.add(request.headers.authorization ?? "");
    void bodyOf(request).then((body) => route(request, response, url, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    requests,
    tokens,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
