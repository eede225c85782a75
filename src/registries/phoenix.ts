import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import { isPromptName, type Registry } from "../domain/registry.ts";
import { visibleLine } from "../domain/visible.ts";
import {
  phoenixApi,
  phoenixPageInfo,
  phoenixPages,
  phoenixQuery,
  phoenixRows,
  type PhoenixConnection,
} from "../http/phoenix.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import {
  contentProblem,
  phoenixCreation,
  phoenixRevision,
  phoenixVersion,
  type PhoenixVersion,
} from "./phoenix-content.ts";
import { platformAddress, platformKey, platformTimeout } from "./platform-options.ts";
import { vendorRegistry } from "./vendor/vendor-registry.ts";
import type { VendorPrompts } from "./vendor/vendor.ts";

/** What stands beside `kind: phoenix` in the config. */
export const phoenixSettings = z
  .strictObject({
    baseUrl: platformAddress.default("http://localhost:6006"),
    apiKey: platformKey.optional(),
    timeout: platformTimeout.default(10_000),
  })
  .transform(({ baseUrl, apiKey, timeout }): PhoenixConnection => ({
    baseUrl,
    apiKey: apiKey ?? null,
    timeoutMs: timeout,
  }));

const COMPANION = "-rollout";
const NAME = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$/;
const PAGE = 200;
/** Of a prompt that was read before: what was added since is rarely more. */
const NEWEST = 10;

const named = z.object({ name: z.string() });
const answeredVersion = z.object({ data: phoenixVersion });

/** Why Phoenix cannot have a prompt of this name; null = it can. */
export function nameProblem(prompt: string): string | null {
  if (!NAME.test(prompt)) return "names have lowercase letters, digits, - and _ alone there";
  return prompt.endsWith(COMPANION) ? `names with ${COMPANION} at the end hold rollouts` : null;
}

function versionsPath(prompt: string): string {
  return `/v1/prompts/${encodeURIComponent(prompt)}/versions`;
}

function tagsPath(id: string): string {
  return `/v1/prompt_versions/${encodeURIComponent(id)}/tags`;
}

/**
 * Reads prompts whole. Versions never change and cannot be deleted one by one, so that older pages than the newest known
 * version are read once; of the newest page all is looked at, as a database may show a version after a younger one.
 */
function versionReader(api: PlatformApi): (prompt: string) => Promise<readonly PhoenixVersion[]> {
  const known = new Map<string, ReadonlyMap<string, PhoenixVersion>>();
  return async (prompt) => {
    // Phoenix refuses to look for a name that it cannot have.
    if (!NAME.test(prompt)) return [];
    const before = known.get(prompt) ?? new Map<string, PhoenixVersion>();
    const rows = await phoenixRows(api, phoenixVersion, {
      path: versionsPath(prompt),
      limit: before.size === 0 ? PAGE : NEWEST,
      isEnough: (page) => page.some(({ id }) => before.has(id)),
    });
    // Ids are given once: a prompt of which no id is known was deleted and made again.
    const isSame = rows.some(({ id }) => before.has(id));
    const after = new Map([...(isSame ? before : []), ...rows.map((row) => [row.id, row] as const)]);
    known.set(prompt, after);
    return [...after.values()];
  };
}

const TAGS = `query ($name: String!, $after: String) {
  prompts(first: ${PAGE}, after: $after, filter: { col: name, value: $name }) {
    edges { node { name versionTags { name promptVersionId } } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const tagged = z.object({
  prompts: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          name: z.string(),
          versionTags: z.array(z.object({ name: z.string(), promptVersionId: z.string() })),
        }),
      }),
    ),
    pageInfo: phoenixPageInfo,
  }),
});

/** All tags of one moment; read version by version, one that moves meanwhile would be missed or seen twice. */
async function allPointers(api: PlatformApi, prompt: string): ReturnType<VendorPrompts["pointers"]> {
  const pointers: { label: string; id: string }[] = [];
  await phoenixPages(api, async (after) => {
    const variables = { name: prompt, after };
    const { prompts } = await phoenixQuery(api, tagged, { query: TAGS, variables });
    // The filter lets every name through that contains this one.
    const own = prompts.edges.find(({ node }) => node.name === prompt);
    if (own === undefined) return prompts.pageInfo;
    for (const { name, promptVersionId: id } of own.node.versionTags) pointers.push({ label: name, id });
    return "enough";
  });
  return pointers;
}

function readsOf(api: PlatformApi): Pick<VendorPrompts, "listNames" | "listRevisions" | "pointers"> {
  const read = versionReader(api);
  return {
    async listNames() {
      const prompts = await phoenixRows(api, named, { path: "/v1/prompts", limit: PAGE });
      return [...new Set(prompts.map(({ name }) => name))].filter(isPromptName);
    },
    async listRevisions(prompt) {
      return (await read(prompt)).map(phoenixRevision).sort((left, right) => left.order - right.order);
    },
    async pointers(prompt, label) {
      if (!NAME.test(prompt)) return [];
      if (label !== undefined) {
        const path = `/v1/prompts/${encodeURIComponent(prompt)}/tags/${encodeURIComponent(label)}`;
        const answer = await api.send({ method: "GET", path, accept: [404] });
        return answer.status === 404 ? [] : [{ label, id: api.read(answeredVersion, answer).data.id }];
      }
      return allPointers(api, prompt);
    },
  };
}

/** Phoenix's prompts, one operation each. */
function phoenixPrompts(connection: PhoenixConnection): VendorPrompts {
  const api = phoenixApi(connection, "REGISTRY_FAILED");
  return {
    vendor: "phoenix",
    // PostgreSQL gives numbers before others may see what has them.
    showsLate: true,
    nameProblem,
    // What a label may be called is the same there.
    labelProblem: () => null,
    templateProblem: (messages) =>
      messages.map(({ content }) => contentProblem(content)).find((problem) => problem !== null) ?? null,
    companionOf: (prompt) => `${prompt}${COMPANION}`,
    ...readsOf(api),
    async create(prompt, content) {
      const body = phoenixCreation(prompt, content);
      return phoenixRevision(
        api.read(answeredVersion, await api.send({ method: "POST", path: "/v1/prompts", body })).data,
      );
    },
    async point(prompt, { label, id }, description) {
      // Left out, the description would be forgotten as well: it is null either way.
      const body = { name: label, description: description ?? null };
      const answer = await api.send({ method: "POST", path: tagsPath(id), body, accept: [404] });
      if (answer.status !== 404) return;
      throw new GateError(
        "VERSION_NOT_FOUND",
        `phoenix: version ${visibleLine(id, 80)} of ${prompt} was deleted`,
        {
          hint: "publish it again; a prompt whose versions a label may go back to must stay",
        },
      );
    },
  };
}

/** Prompts on Phoenix; tags are the labels, and a companion prompt `<name>-rollout` holds the rest. */
export function phoenixRegistry(connection: PhoenixConnection, clock: Clock): Registry {
  return vendorRegistry(phoenixPrompts(connection), clock);
}
