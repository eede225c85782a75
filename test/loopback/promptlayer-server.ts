import { openApiCheck } from "./openapi.ts";
import { startPlatformServer, type PlatformAnswer, type PlatformCall } from "./platform-server.ts";
import { promptLayerDatasetShelf } from "./promptlayer-datasets.ts";
import { promptLayerShelf } from "./promptlayer-prompts.ts";
import { promptLayerTableShelf } from "./promptlayer-tables.ts";
import { promptLayerTraffic } from "./promptlayer-traffic.ts";

export const API_KEY = "pl_do-not-print-me";

type Answer = PlatformAnswer | Promise<PlatformAnswer>;

const check = openApiCheck("promptlayer.openapi.json");

function refusal({ headers }: PlatformCall): PlatformAnswer | null {
  if (headers["x-api-key"] === API_KEY) return null;
  return { status: 401, text: `Invalid API key ${API_KEY}` };
}

/** A server of one workspace that behaves like PromptLayer, quirks included. */
export async function startPromptLayer() {
  const shelf = promptLayerShelf();
  const traffic = promptLayerTraffic();
  const datasets = promptLayerDatasetShelf();
  const tables = promptLayerTableShelf();

  /** Method and path -> what answers; parts of the path in parentheses are handed on. */
  const routes: readonly [RegExp, (parts: readonly string[], call: PlatformCall) => Answer][] = [
    [/^POST \/rest\/prompt-templates$/, (_, { body }) => shelf.publish(body)],
    [/^GET \/prompt-templates$/, (_, { query }) => shelf.list(query)],
    [/^GET \/prompt-templates\/([^/]+)$/, ([prompt = ""], { query }) => shelf.read(prompt, query)],
    [/^GET \/prompt-templates\/([^/]+)\/labels$/, ([prompt = ""]) => shelf.listLabels(prompt)],
    [/^POST \/prompts\/(\d+)\/label$/, ([id], { body }) => shelf.createLabel(Number(id), body)],
    [/^PATCH \/prompt-labels\/(\d+)$/, ([id], { body }) => shelf.moveLabel(Number(id), body)],
    [/^POST \/api\/public\/v2\/requests\/search$/, (_, { body }) => traffic.search(body)],
    [/^POST \/api\/public\/v2\/requests\/analytics\/custom-analytics$/, (_, { body }) => traffic.count(body)],
    [/^GET \/api\/public\/v2\/datasets$/, (_, { query }) => datasets.list(query)],
    [/^GET \/api\/public\/v2\/datasets\/(\d+)\/rows$/, ([id], { query }) => datasets.rows(Number(id), query)],
    [/^GET \/api\/public\/v2\/tables$/, (_, { query }) => tables.list(query)],
    [/^POST \/api\/public\/v2\/tables$/, (_, { body }) => tables.create(body)],
    [
      /^GET \/api\/public\/v2\/tables\/([^/]+)\/sheets$/,
      ([id = ""], { query }) => tables.listSheets(id, query),
    ],
    [
      /^POST \/api\/public\/v2\/tables\/([^/]+)\/sheets$/,
      ([id = ""], { body }) => tables.createSheet(id, body),
    ],
    [
      /^GET \/api\/public\/v2\/tables\/([^/]+)\/sheets\/operations\/([^/]+)$/,
      ([id = "", operation = ""]) => tables.operation(id, operation),
    ],
  ];

  function answer(call: PlatformCall): Answer {
    const asked = `${call.method} ${call.path}`;
    for (const [route, handle] of routes) {
      const parts = route.exec(asked);
      if (parts !== null) return handle(parts.slice(1).map(decodeURIComponent), call);
    }
    return { status: 404, text: "Not Found" };
  }

  const server = await startPlatformServer({ refusal, answer, check });
  return { ...server, shelf, traffic, datasets, tables };
}

export type PromptLayerServer = Awaited<ReturnType<typeof startPromptLayer>>;

/** How an adapter reaches it. */
export function connectionTo({ baseUrl }: Pick<PromptLayerServer, "baseUrl">) {
  return { baseUrl, apiKey: API_KEY, timeoutMs: 10_000, wait: async () => undefined };
}
