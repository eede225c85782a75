import type { PlatformAnswer } from "./platform-server.ts";

interface Version {
  readonly number: number;
  readonly content: Readonly<Record<string, unknown>>;
}

interface Tag {
  readonly number: number;
  versionNumber: number;
  description: string | null;
}

interface Prompt {
  readonly number: number;
  readonly versions: Version[];
  readonly tags: Map<string, Tag>;
}

/** SQLite has one writer at a time; PostgreSQL gives a number before others may see what it belongs to. */
export type PhoenixDatabase = "sqlite" | "postgresql";

const IDENTIFIER = /^[a-z0-9](?:[_a-z0-9-]*[a-z0-9])?$/;

const globalId = (type: string, number: number): string =>
  Buffer.from(`${type}:${number}`).toString("base64");
const versionId = (number: number): string => globalId("PromptVersion", number);

function numberOf(id: string): number | null {
  const found = /^PromptVersion:(\d+)$/.exec(Buffer.from(id, "base64").toString("utf8"))?.[1];
  return found === undefined ? null : Number(found);
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const text = (status: number, words: string): PlatformAnswer => ({ status, text: words });
const notFound = text(404, "Not Found");
const invalidName: PlatformAnswer = {
  status: 422,
  body: {
    detail: [
      {
        type: "string_pattern_mismatch",
        loc: ["body", "prompt", "name"],
        msg: "String should match pattern",
      },
    ],
  },
};

/** Fields that say nothing are left out of answers. */
function shown({ number, content }: Version): object {
  const told = Object.entries(content).filter(([, value]) => value !== null && value !== undefined);
  return { ...Object.fromEntries(told), id: versionId(number) };
}

/** The prompts of a Phoenix, with its habits. */
export function phoenixPromptShelf(database: PhoenixDatabase = "sqlite") {
  const prompts = new Map<string, Prompt>();
  let numbers = 0;

  function promptOf(name: string): Prompt {
    const known = prompts.get(name);
    if (known !== undefined) return known;
    numbers += 1;
    const prompt: Prompt = { number: numbers, versions: [], tags: new Map() };
    prompts.set(name, prompt);
    return prompt;
  }

  function holderOf(number: number): Prompt | undefined {
    return [...prompts.values()].find(({ versions }) => versions.some((one) => one.number === number));
  }

  /** Newest first. */
  function versionsOf(name: string): Version[] {
    return (prompts.get(name)?.versions ?? []).toSorted((left, right) => right.number - left.number);
  }

  async function add(name: string, content: Readonly<Record<string, unknown>>): Promise<Version> {
    numbers += 1;
    const version = { number: numbers, content: structuredClone(content) };
    // Of two that commit at once the one with the higher number may be seen first.
    if (database === "postgresql") for (let left = version.number % 4; left > 0; left -= 1) await turn();
    promptOf(name).versions.push(version);
    return version;
  }

  return {
    prompts,
    versionsOf,
    versionId,
    /** Somebody works in the web page. */
    async addByHand(name: string, content: Readonly<Record<string, unknown>>): Promise<string> {
      const invocation = { type: "openai", openai: {} };
      const defaults = { model_provider: "OPENAI", model_name: "gpt-4o", invocation_parameters: invocation };
      const kind = { template_type: "CHAT", template_format: "MUSTACHE" };
      return versionId((await add(name, { ...defaults, ...kind, ...content })).number);
    },
    remove: (name: string): void => void prompts.delete(name),
    list(query: URLSearchParams): PlatformAnswer {
      const limit = Number(query.get("limit") ?? 100);
      const rows = [...prompts.entries()].sort(([, left], [, right]) => right.number - left.number);
      const start = Math.max(
        0,
        rows.findIndex(([, { number }]) => globalId("Prompt", number) === query.get("cursor")),
      );
      const page = rows.slice(start, start + limit);
      const following = rows[start + limit]?.[1].number;
      const data = page.map(([name, { number }]) => ({
        name,
        description: null,
        source_prompt_id: null,
        metadata: {},
        id: globalId("Prompt", number),
      }));
      return {
        status: 200,
        body: { data, next_cursor: following === undefined ? null : globalId("Prompt", following) },
      };
    },
    listVersions(name: string, query: URLSearchParams): PlatformAnswer {
      if (!IDENTIFIER.test(name)) return text(422, "Invalid prompt name");
      const limit = Number(query.get("limit") ?? 100);
      const below = numberOf(query.get("cursor") ?? "") ?? Number.POSITIVE_INFINITY;
      // A prompt that does not exist has no versions.
      const rows = versionsOf(name).filter(({ number }) => number <= below);
      const next = rows[limit]?.number;
      const data = rows.slice(0, limit).map(shown);
      return { status: 200, body: { data, next_cursor: next === undefined ? null : versionId(next) } };
    },
    readTag(name: string, tag: string): PlatformAnswer {
      if (!IDENTIFIER.test(name)) return text(422, "Invalid prompt name");
      const number = prompts.get(name)?.tags.get(tag)?.versionNumber;
      const version = versionsOf(name).find((one) => one.number === number);
      return version === undefined ? notFound : { status: 200, body: { data: shown(version) } };
    },
    async create(body: Record<string, unknown>): Promise<PlatformAnswer> {
      const { prompt, version } = body as { prompt: { name: string }; version: Record<string, unknown> };
      if (!IDENTIFIER.test(prompt.name)) return invalidName;
      if (version["template_type"] !== "CHAT")
        return text(422, "Only CHAT template type is supported for prompts");
      return { status: 200, body: { data: shown(await add(prompt.name, version)) } };
    },
    /** One statement: of two at once one is last. */
    setTag(id: string, body: Record<string, unknown>): PlatformAnswer {
      const number = numberOf(id);
      if (number === null) return text(422, "Invalid prompt version ID");
      const prompt = holderOf(number);
      if (prompt === undefined) return notFound;
      const name = String(body["name"]);
      if (!IDENTIFIER.test(name)) return invalidName;
      const tag = prompt.tags.get(name) ?? {
        number: (numbers += 1),
        versionNumber: number,
        description: null,
      };
      tag.versionNumber = number;
      tag.description = (body["description"] as string | null | undefined) ?? null;
      prompt.tags.set(name, tag);
      return { status: 204, body: undefined };
    },
    /** What the web page asks for: prompts whose names contain a text, with their tags. */
    queryTags({ name, after }: { name: string; after: string | null }): object {
      const nodes = [...prompts.entries()]
        .filter(([own]) => own.includes(name))
        .sort(([, left], [, right]) => right.number - left.number)
        .map(([own, { tags }]) => {
          const versionTags = [...tags].map(([tag, { versionNumber }]) => ({
            name: tag,
            promptVersionId: versionId(versionNumber),
          }));
          return { node: { name: own, versionTags } };
        });
      const start = after === null ? 0 : Number(after);
      const end = start + 100;
      const pageInfo = {
        hasNextPage: nodes.length > end,
        endCursor: nodes.length === 0 ? null : String(end),
      };
      return { prompts: { edges: nodes.slice(start, end), pageInfo } };
    },
  };
}
