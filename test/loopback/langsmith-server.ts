import { langsmithHub, type StaleParents } from "./langsmith-hub.ts";
import { langsmithTraffic } from "./langsmith-traffic.ts";
import { openApiCheck, type OpenApiCheck } from "./openapi.ts";
import { startPlatformServer, type PlatformAnswer, type PlatformCall } from "./platform-server.ts";

export const API_KEY = "lsv2_pt_do-not-print-me";

/** What the vendor's clients are told to put before every path on servers that are not the vendor's. */
const PREFIX = "/api/v1";

const description = openApiCheck("langsmith.openapi.json");

const BARE = /("(?:start_time|end_time|created_at|modified_at)":"\d{4}-\d\d-\d\dT[\d:.]+)"/g;

/** The description has a zone in every time, which the answers leave out. */
function zoned(response: unknown): unknown {
  return JSON.parse(JSON.stringify(response).replaceAll(BARE, '$1Z"'));
}

/** The description has the calls of commits without the prefix. */
const check: OpenApiCheck | null =
  description === null
    ? null
    : {
        ...description,
        compare: (exchange) => {
          const { path } = exchange;
          const isCommit = path.startsWith(`${PREFIX}/commits/`);
          const described = isCommit ? path.slice(PREFIX.length) : path;
          return description.compare({ ...exchange, path: described, response: zoned(exchange.response) });
        },
      };

function refusal({ headers }: PlatformCall): PlatformAnswer | null {
  if (headers["x-api-key"] === API_KEY) return null;
  return { status: 401, body: { detail: `Invalid token ${API_KEY}` } };
}

/** A server of one workspace that behaves like LangSmith, quirks included. */
export async function startLangsmith(staleParents: StaleParents = "taken") {
  const hub = langsmithHub(staleParents);
  const traffic = langsmithTraffic();
  const answer = async (call: PlatformCall): Promise<PlatformAnswer> => {
    const path = call.path.slice(PREFIX.length);
    return traffic.answer(call, path) ?? hub.answer(call, path);
  };
  const server = await startPlatformServer({ refusal, answer, check });
  return { ...server, baseUrl: `${server.baseUrl}${PREFIX}`, hub, traffic };
}

export type LangsmithServer = Awaited<ReturnType<typeof startLangsmith>>;

/** How an adapter reaches it. */
export function connectionTo({ baseUrl }: Pick<LangsmithServer, "baseUrl">) {
  return { baseUrl, apiKey: API_KEY, workspaceId: null, timeoutMs: 10_000, wait: async () => undefined };
}
