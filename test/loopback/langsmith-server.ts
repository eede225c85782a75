import { langsmithExperiments } from "./langsmith-experiments.ts";
import { langsmithHub, type StaleParents } from "./langsmith-hub.ts";
import { langsmithTraffic } from "./langsmith-traffic.ts";
import { openApiCheck, type OpenApiCheck } from "./openapi.ts";
import { startPlatformServer, type PlatformAnswer, type PlatformCall } from "./platform-server.ts";

export const API_KEY = "lsv2_pt_do-not-print-me";

/** What the vendor's clients are told to put before every path on servers that are not the vendor's. */
const PREFIX = "/api/v1";

const description = openApiCheck("langsmith.openapi.json");

const BARE = /("(?:start_time|end_time|created_at|modified_at|as_of)":"\d{4}-\d\d-\d\dT[\d:.]+)"/g;

/** The description has a zone in every time, which the answers leave out. */
function zoned(response: unknown): unknown {
  return JSON.parse(JSON.stringify(response).replaceAll(BARE, '$1Z"'));
}

/** The description has some calls without the prefix. */
const check: OpenApiCheck | null =
  description === null
    ? null
    : {
        ...description,
        compare: (exchange) => {
          const { path } = exchange;
          const isBare = [`${PREFIX}/commits/`, `${PREFIX}/runs/batch`].some((one) => path.startsWith(one));
          const described = isBare ? path.slice(PREFIX.length) : path;
          return description.compare({ ...exchange, path: described, response: zoned(exchange.response) });
        },
      };

function refusal({ path, headers }: PlatformCall): PlatformAnswer | null {
  // Who asks what server it is needs no key.
  if (path.endsWith("/info") || headers["x-api-key"] === API_KEY) return null;
  return { status: 401, body: { detail: `Invalid token ${API_KEY}` } };
}

/** A server of one workspace that behaves like LangSmith, quirks included. */
export async function startLangsmith(staleParents: StaleParents = "taken", now: () => number = Date.now) {
  const hub = langsmithHub(staleParents);
  const traffic = langsmithTraffic();
  const experiments = langsmithExperiments(traffic);
  const answer = async (call: PlatformCall): Promise<PlatformAnswer> => {
    const path = call.path.slice(PREFIX.length);
    return experiments.answer(call, path) ?? traffic.answer(call, path) ?? hub.answer(call, path);
  };
  const server = await startPlatformServer({ refusal, answer, check, now });
  return { ...server, baseUrl: `${server.baseUrl}${PREFIX}`, hub, traffic, experiments };
}

export type LangsmithServer = Awaited<ReturnType<typeof startLangsmith>>;

/** How an adapter reaches it. */
export function connectionTo({ baseUrl }: Pick<LangsmithServer, "baseUrl">) {
  return { baseUrl, apiKey: API_KEY, workspaceId: null, timeoutMs: 10_000, wait: async () => undefined };
}
