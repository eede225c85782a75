import { openApiCheck } from "./openapi.ts";
import { startPlatformServer, type PlatformAnswer, type PlatformCall } from "./platform-server.ts";
import { promptLayerShelf } from "./promptlayer-prompts.ts";
import { promptLayerTraffic } from "./promptlayer-traffic.ts";

export const API_KEY = "pl_do-not-print-me";

const check = openApiCheck("promptlayer.openapi.json");

function refusal({ headers }: PlatformCall): PlatformAnswer | null {
  if (headers["x-api-key"] === API_KEY) return null;
  return { status: 401, text: `Invalid API key ${API_KEY}` };
}

/** A server of one workspace that behaves like PromptLayer, quirks included. */
export async function startPromptLayer() {
  const shelf = promptLayerShelf();
  const traffic = promptLayerTraffic();

  function answer({ method, path, query, body }: PlatformCall): PlatformAnswer | Promise<PlatformAnswer> {
    if (method === "POST" && path === "/rest/prompt-templates") return shelf.publish(body);
    if (method === "GET" && path === "/prompt-templates") return shelf.list(query);
    const [, prompt, labels] = /^\/prompt-templates\/([^/]+)(\/labels)?$/.exec(path) ?? [];
    if (method === "GET" && prompt !== undefined) {
      const identifier = decodeURIComponent(prompt);
      return labels === undefined ? shelf.read(identifier, query) : shelf.listLabels(identifier);
    }
    const made = /^\/prompts\/(\d+)\/label$/.exec(path)?.[1];
    if (method === "POST" && made !== undefined) return shelf.createLabel(Number(made), body);
    const moved = /^\/prompt-labels\/(\d+)$/.exec(path)?.[1];
    if (method === "PATCH" && moved !== undefined) return shelf.moveLabel(Number(moved), body);
    if (method === "POST" && path === "/api/public/v2/requests/search") return traffic.search(body);
    if (method === "POST" && path === "/api/public/v2/requests/analytics/custom-analytics") {
      return traffic.count(body);
    }
    return { status: 404, text: "Not Found" };
  }

  return { ...(await startPlatformServer({ refusal, answer, check })), shelf, traffic };
}

export type PromptLayerServer = Awaited<ReturnType<typeof startPromptLayer>>;

/** How an adapter reaches it. */
export function connectionTo({ baseUrl }: Pick<PromptLayerServer, "baseUrl">) {
  return { baseUrl, apiKey: API_KEY, timeoutMs: 10_000, wait: async () => undefined };
}
