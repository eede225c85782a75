import type { ServedPrompt } from "./served.ts";

/** How to reach the project on Langfuse that the prompts are published to. */
export interface LangfuseLinkOptions {
  /** Of Langfuse, without `/api/public`. */
  readonly baseUrl: string;
  readonly publicKey: string;
  readonly secretKey: string;
  /** Where the prompts are, as in the config of the registry; empty = at the top. */
  readonly folder?: string;
  readonly fetch?: typeof globalThis.fetch;
  /** Milliseconds since 1970; the machine's clock unless given. */
  readonly now?: () => number;
}

/** What Langfuse links a generation by: Langfuse's own name and number of the version. */
export interface LangfuseLink {
  readonly "langfuse.observation.prompt.name": string;
  readonly "langfuse.observation.prompt.version": number;
}

export interface LangfuseLinks {
  /** For the span of the generation; null for a fallback, and until the number is known: it is then looked for. */
  attributes(served: LinkedPrompt): LangfuseLink | null;
  /** The same once it was looked for. Never throws: a link that cannot be found is null. */
  find(served: LinkedPrompt): Promise<LangfuseLink | null>;
}

type LinkedPrompt = Pick<ServedPrompt, "name" | "version" | "freshness">;

const DEADLINE_MS = 5_000;
/** Who was not there, or could not be asked, is looked for again after that. */
const AGAIN_MS = 60_000;

interface Asked {
  readonly at: number;
  readonly answer: Promise<number | null>;
}

function versionOf(config: unknown, number: number): string {
  const ours = (config as { promptgate?: { version?: unknown } } | null)?.promptgate?.version;
  return typeof ours === "string" ? ours : `0.0.${number}`;
}

/** Reads below `/api/public/v2/prompts`; null for what is refused. */
function reader({ baseUrl, publicKey, secretKey, fetch = globalThis.fetch }: LangfuseLinkOptions) {
  const headers = { authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}` };
  return async (path: string): Promise<unknown> => {
    const url = `${baseUrl.replace(/\/+$/, "")}/api/public/v2/prompts${path}`;
    // A credential goes to the server that was named and to no other.
    const answer = await fetch(url, { headers, redirect: "error", signal: AbortSignal.timeout(DEADLINE_MS) });
    return answer.ok ? answer.json() : null;
  };
}

/** Langfuse's number of a version; the newest are looked at first: they are what is served. */
async function search(
  read: (path: string) => Promise<unknown>,
  name: string,
  version: string,
): Promise<number | null> {
  const encoded = encodeURIComponent(name);
  const listed = (await read(`?name=${encoded}&limit=100`)) as {
    data?: readonly { name?: unknown; versions?: readonly unknown[] }[];
  } | null;
  const own = listed?.data?.find((prompt) => prompt.name === name)?.versions ?? [];
  const candidates = own.filter((number) => typeof number === "number").sort((left, right) => right - left);
  let found: number | null = null;
  for (const number of candidates) {
    const row = (await read(`/${encoded}?version=${number}&resolve=false`)) as { config?: unknown } | null;
    // Of two with one version the older is ours.
    if (row !== null && versionOf(row.config, number) === version) found = number;
    else if (found !== null) break;
  }
  return found;
}

function keyOf({ name, version }: LinkedPrompt): string {
  return JSON.stringify([name, version]);
}

/** Finds Langfuse's numbers of versions: it counts them itself, and generations are linked by that number alone. */
export function langfuseLinks(options: LangfuseLinkOptions): LangfuseLinks {
  const { folder = "", now = Date.now } = options;
  const read = reader(options);
  const numbers = new Map<string, number>();
  const asked = new Map<string, Asked>();
  const nameOf = (prompt: string): string => (folder === "" ? prompt : `${folder}/${prompt}`);

  async function find(served: LinkedPrompt): Promise<number | null> {
    const key = keyOf(served);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const last = asked.get(key);
    if (last !== undefined && now() - last.at < AGAIN_MS) return last.answer;
    const answer = search(read, nameOf(served.name), served.version).then(
      (number) => {
        if (number !== null) numbers.set(key, number);
        return number;
      },
      () => null,
    );
    asked.set(key, { at: now(), answer });
    return answer;
  }

  const linkOf = (served: LinkedPrompt, number: number): LangfuseLink => ({
    "langfuse.observation.prompt.name": nameOf(served.name),
    "langfuse.observation.prompt.version": number,
  });

  return {
    attributes(served) {
      if (served.freshness === "fallback") return null;
      const number = numbers.get(keyOf(served));
      if (number !== undefined) return linkOf(served, number);
      void find(served);
      return null;
    },
    async find(served) {
      if (served.freshness === "fallback") return null;
      const number = await find(served);
      return number === null ? null : linkOf(served, number);
    },
  };
}
