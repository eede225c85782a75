import { logfireDatasetShelf } from "./logfire-datasets.ts";
import { logfireRecords } from "./logfire-records.ts";
import { PROJECT } from "./logfire-rows.ts";
import { logfireVariableShelf, type LogfireQuirks } from "./logfire-variables.ts";
import { openApiCheck, type OpenApiCheck } from "./openapi.ts";
import { startPlatformServer, type PlatformAnswer, type PlatformCall } from "./platform-server.ts";

export const API_KEY = "pylf_v2_us_doNotPrintMe1234567890";

const described = openApiCheck("logfire.openapi.json");
const PLACE = `/v1/projects/${PROJECT}/`;

/**
 * The vendor describes the calls of its management interface; a key of a project has the same without the project. The
 * same exchange is compared once in a row.
 */
function checkOf({ compare, checked }: OpenApiCheck): OpenApiCheck {
  let last = "";
  return {
    checked,
    compare: (exchange) => {
      const { method, path, status, request, response } = exchange;
      if (!path.startsWith("/v1/variables/")) return [];
      const text = JSON.stringify([method, path, status, request, response]);
      if (text === last) return [];
      last = text;
      return compare({ ...exchange, path: path.replace("/v1/", PLACE) });
    },
  };
}

export const WRITE_TOKEN = "pylf_v1_us_writeTokenDoNotPrintMe";
export const READ_TOKEN = "pylf_v1_us_readTokenDoNotPrintMe";

/** A key is for variables, a token for queries; neither is good for the other. */
function refusal({ headers, path }: PlatformCall): PlatformAnswer | null {
  const keys = new Map([
    ["/v2/query", `Bearer ${READ_TOKEN}`],
    ["/v1/traces", WRITE_TOKEN],
  ]);
  if (headers.authorization === (keys.get(path) ?? `Bearer ${API_KEY}`)) return null;
  return { status: 401, body: { detail: `Invalid API key ${headers.authorization ?? ""}` } };
}

/** A server of one project that behaves like Logfire, quirks included. */
export async function startLogfire(quirks: LogfireQuirks = {}) {
  const shelf = logfireVariableShelf(quirks);
  const traffic = logfireRecords();
  const datasets = logfireDatasetShelf();

  async function answer({ method, path, body }: PlatformCall): Promise<PlatformAnswer> {
    const values = (body ?? {}) as Record<string, unknown>;
    if (path === "/v1/variables/") return method === "GET" ? shelf.read() : shelf.create(values);
    if (path === "/v1/traces" && method === "POST") return traffic.ingest(body);
    if (path === "/v2/query" && method === "POST") return traffic.answer(values);
    if (path.startsWith("/v1/datasets/") && method === "GET") return datasets.answer(path);
    const name = /^\/v1\/variables\/([^/]+)\/$/.exec(path)?.[1];
    if (name !== undefined && method === "PUT") return shelf.update(decodeURIComponent(name), values);
    return { status: 404, body: { detail: "Not Found" } };
  }

  return {
    ...(await startPlatformServer({
      refusal,
      answer,
      check: described === null ? null : checkOf(described),
    })),
    shelf,
    traffic,
    datasets,
  };
}

export type LogfireServer = Awaited<ReturnType<typeof startLogfire>>;

/** How an adapter reaches it. */
export function connectionTo({ baseUrl }: Pick<LogfireServer, "baseUrl">) {
  return { baseUrl, key: API_KEY, timeoutMs: 10_000, wait: async () => undefined };
}
