import { openApiCheck } from "./openapi.ts";
import { phoenixExperiments } from "./phoenix-experiments.ts";
import { phoenixPromptShelf, type PhoenixDatabase } from "./phoenix-prompts.ts";
import { phoenixTraffic } from "./phoenix-traffic.ts";
import { startPlatformServer, type PlatformAnswer, type PlatformCall } from "./platform-server.ts";

export const API_KEY = "phoenix-key-do-not-print-me";

const described = openApiCheck("phoenix.openapi.json");
/** What the web page reads by is not in the description. */
const check =
  described === null
    ? null
    : ({
        ...described,
        compare: (exchange) => (exchange.path.startsWith("/v1/") ? described.compare(exchange) : []),
      } satisfies typeof described);

function refusal({ path, headers }: PlatformCall): PlatformAnswer | null {
  if (path === "/arize_phoenix_version") return null;
  if (headers.authorization === `Bearer ${API_KEY}`) return null;
  return { status: 401, text: `Invalid token ${headers.authorization ?? ""}` };
}

/** A server that behaves like Phoenix, quirks included. */
export async function startPhoenix(database: PhoenixDatabase = "sqlite") {
  const shelf = phoenixPromptShelf(database);
  const traffic = phoenixTraffic();
  const experiments = phoenixExperiments();

  function query({ body }: PlatformCall): PlatformAnswer {
    const { query: asked, variables } = body as { query: string; variables: Record<string, unknown> };
    if (/\bprompts\(/.test(asked)) {
      return {
        status: 200,
        body: { data: shelf.queryTags(variables as { name: string; after: string | null }) },
      };
    }
    if (/\bcostSummary\b/.test(asked)) return { status: 200, body: { data: traffic.queryCosts(variables) } };
    return { status: 200, body: { data: null, errors: [{ message: "Cannot query field" }] } };
  }

  async function answer(call: PlatformCall): Promise<PlatformAnswer> {
    const { method, path, query: filters, body } = call;
    const values = (body ?? {}) as Record<string, unknown>;
    if (path === "/graphql") return query(call);
    if (path === "/arize_phoenix_version") return { status: 200, text: "20.26.1" };
    const [, kind, identifier = "", part, tag = ""] =
      /^\/v1\/(prompts|prompt_versions)(?:\/([^/]+)(?:\/(versions|tags)(?:\/([^/]+))?)?)?$/.exec(path) ?? [];
    const name = decodeURIComponent(identifier);
    if (kind === "prompts" && name === "")
      return method === "GET" ? shelf.list(filters) : shelf.create(values);
    if (kind === "prompts" && part === "versions") return shelf.listVersions(name, filters);
    if (kind === "prompts" && part === "tags") return shelf.readTag(name, decodeURIComponent(tag));
    if (kind === "prompt_versions" && method === "POST") return shelf.setTag(name, values);
    return traffic.answer(call) ?? experiments.answer(call) ?? { status: 404, text: "Not Found" };
  }

  return { ...(await startPlatformServer({ refusal, answer, check })), shelf, traffic, experiments };
}

export type PhoenixServer = Awaited<ReturnType<typeof startPhoenix>>;

/** How an adapter reaches it. */
export function connectionTo({ baseUrl }: Pick<PhoenixServer, "baseUrl">) {
  return { baseUrl, apiKey: API_KEY, timeoutMs: 10_000, wait: async () => undefined };
}
