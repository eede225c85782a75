import { langfuseDatasets } from "./langfuse-datasets.ts";
import { langfusePromptShelf } from "./langfuse-prompts.ts";
import { langfuseTraffic, type LangfuseMode } from "./langfuse-traffic.ts";
import { openApiCheck } from "./openapi.ts";
import { startPlatformServer, type PlatformAnswer, type PlatformCall } from "./platform-server.ts";

export const PUBLIC_KEY = "pk-lf-1234567890";
export const SECRET_KEY = "sk-lf-do-not-print-me";

const check = openApiCheck("langfuse.openapi.yml");

const AUTHORIZATION = `Basic ${Buffer.from(`${PUBLIC_KEY}:${SECRET_KEY}`).toString("base64")}`;

function refusal({ headers }: PlatformCall): PlatformAnswer | null {
  if (headers.authorization === AUTHORIZATION) return null;
  return {
    status: 401,
    body: { message: `Invalid credentials ${SECRET_KEY}`, error: "UnauthorizedError" },
  };
}

/** A server of one project that behaves like Langfuse, quirks included; `mode` is what its operator runs. */
export async function startLangfuse(mode: LangfuseMode = "v4", now: () => number = Date.now) {
  const shelf = langfusePromptShelf();
  const traffic = langfuseTraffic(mode);
  const datasets = langfuseDatasets(mode);

  async function answer(call: PlatformCall): Promise<PlatformAnswer> {
    const { method, path, query, body } = call;
    const values = (body ?? {}) as Record<string, unknown>;
    if (path === "/api/public/v2/prompts") return method === "GET" ? shelf.list(query) : shelf.create(values);
    const [, name, version] = /^\/api\/public\/v2\/prompts\/([^/]+)(?:\/versions\/(\d+))?$/.exec(path) ?? [];
    if (name !== undefined && version === undefined && method === "GET") {
      return shelf.read(decodeURIComponent(name), query);
    }
    if (name !== undefined && version !== undefined && method === "PATCH") {
      return shelf.patch(decodeURIComponent(name), Number(version), values);
    }
    return (await datasets.answer(call)) ?? traffic.answer(path, query);
  }

  return { ...(await startPlatformServer({ refusal, answer, check, now })), shelf, traffic, datasets };
}

export type LangfuseServer = Awaited<ReturnType<typeof startLangfuse>>;

/** How an adapter reaches it. */
export function connectionTo({ baseUrl }: Pick<LangfuseServer, "baseUrl">) {
  return {
    baseUrl,
    publicKey: PUBLIC_KEY,
    secretKey: SECRET_KEY,
    timeoutMs: 10_000,
    wait: async () => undefined,
  };
}
