import * as z from "zod";
import { canonicalJson } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import { isPromptName, type Registry } from "../domain/registry.ts";
import { langsmithApi, type LangsmithConnection } from "../http/langsmith.ts";
import { commitReader, commitRow, hubPath, type CommitRow } from "../http/langsmith-commits.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import { creationOf, messagesProblem, revisionOf } from "./langsmith-content.ts";
import { platformAddress, platformKey, platformTimeout } from "./platform-options.ts";
import { vendorRegistry } from "./vendor/vendor-registry.ts";
import type { VendorContent, VendorEnvelope, VendorPrompts, VendorRevision } from "./vendor/vendor.ts";

/** What stands beside `kind: langsmith` in the config. */
export const langsmithSettings = z
  .strictObject({
    baseUrl: platformAddress.default("https://api.smith.langchain.com"),
    apiKey: platformKey,
    workspaceId: z.uuid("expected the id of a workspace").nullable().default(null),
    timeout: platformTimeout.default(10_000),
  })
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }));

const COMPANION = "--rollout";
const HANDLE = /^[a-z][a-z0-9_-]*$/;
/** Eight hex digits are looked up as a commit before they are looked up as a tag. */
const HASH_LIKE = /^[0-9a-f]{8,64}$/;
/** Each refusal is another writer's success. */
const CREATIONS = 20;
const PAGE = 100;
const LISTINGS = 4;

/** Why LangSmith cannot have a prompt of this name; null = it can. */
export function nameProblem(prompt: string): string | null {
  if (!HANDLE.test(prompt)) {
    return "names there are lowercase letters, digits, - and _, and begin with a letter";
  }
  return prompt.endsWith(COMPANION) ? `names with ${COMPANION} at the end hold rollouts` : null;
}

/** Why LangSmith cannot have this label; null = it can. */
export function labelProblem(label: string): string | null {
  if (label === "latest") return "it always means the newest version there";
  return HASH_LIKE.test(label) ? "it would be taken for the hash of a version there" : null;
}

const repoPage = z.object({
  repos: z.array(z.object({ id: z.string(), repo_handle: z.string() })),
  total: z.int().nonnegative(),
});

/** The workspace's own prompts. What is changed meanwhile moves to another page, so that a list may need a second look. */
async function listHandles(api: PlatformApi): Promise<string[]> {
  const handles = new Map<string, string>();
  const filters = { is_public: "false", is_archived: "false", repo_type: "prompt" };
  let total = 0;
  for (let look = 0; look < LISTINGS; look += 1) {
    for (let offset = 0, ended = false; !ended; offset += PAGE) {
      const query = { ...filters, limit: PAGE, offset };
      const page = api.read(repoPage, await api.send({ method: "GET", path: "/repos", query }));
      for (const { id, repo_handle: handle } of page.repos) handles.set(id, handle);
      total = page.total;
      ended = page.repos.length === 0 || offset + PAGE >= total;
    }
    if (handles.size >= total) return [...handles.values()];
  }
  throw new GateError("REGISTRY_CONFLICT", "langsmith: others keep changing prompts while they are listed", {
    hint: "run the command again",
    retryable: true,
  });
}

async function createPrompt(api: PlatformApi, name: string): Promise<void> {
  const body = { repo_handle: name, is_public: false };
  // 409: another writer made it.
  await api.send({ method: "POST", path: "/repos", body, accept: [409], repeatable: true });
}

const created = z.object({ commit: commitRow.omit({ manifest: true }) });

type CommitReader = ReturnType<typeof commitReader>;

/** Commits never change, so each is understood once. */
const understood = new WeakMap<CommitRow, VendorRevision>();

async function readRevisions(read: CommitReader, name: string): Promise<VendorRevision[]> {
  return (await read(name)).map((row, at) => {
    const known = understood.get(row);
    if (known?.order === at + 1) return known;
    const revision = revisionOf(row, at + 1);
    understood.set(row, revision);
    return revision;
  });
}

function isSame(stored: VendorEnvelope | null, wanted: VendorEnvelope): boolean {
  return stored !== null && canonicalJson(stored) === canonicalJson(wanted);
}

/** Adds a commit on top of the newest; where the server holds writers to that, it tries again on a newer one. */
async function createCommit(
  api: PlatformApi,
  read: CommitReader,
  name: string,
  content: VendorContent,
): Promise<VendorRevision> {
  const { manifest, description } = creationOf(content);
  const path = hubPath("commits", name);
  for (let attempt = 0; attempt < CREATIONS; attempt += 1) {
    const rows = await read(name);
    const parent = rows.at(-1);
    if (parent === undefined) await createPrompt(api, name);
    const body = {
      manifest,
      description,
      ...(parent === undefined ? {} : { parent_commit: parent.commit_hash }),
    };
    const request = { method: "POST", path, body, accept: [409] } as const;
    const answer = await api.send(request);
    if (answer.status !== 409) {
      const { commit } = api.read(created, answer);
      return revisionOf({ ...commit, manifest }, rows.length + 1);
    }
    // Either it is there already, or another writer was first and there is a newer parent.
    if (/nothing to commit/i.test(answer.text)) {
      const same = (await readRevisions(read, name)).findLast(({ envelope }) =>
        isSame(envelope, content.envelope),
      );
      if (same !== undefined) return same;
    }
  }
  throw new GateError("REGISTRY_CONFLICT", `langsmith: other writers kept adding versions of ${name}`, {
    hint: "run the command again",
    retryable: true,
  });
}

const tagList = z.array(z.object({ tag_name: z.string(), commit_id: z.string() }));

/** Moves a tag, or makes it where there is none: neither call does both. */
async function putTag(api: PlatformApi, name: string, label: string, id: string): Promise<void> {
  const tags = `${hubPath("repos", name)}/tags`;
  const path = `${tags}/${encodeURIComponent(label)}`;
  const move = { method: "PATCH", path, body: { commit_id: id }, accept: [404] } as const;
  if ((await api.send(move)).status !== 404) return;
  const make = { method: "POST", path: tags, body: { tag_name: label, commit_id: id } } as const;
  const answer = await api.send({ ...make, accept: [404, 409] });
  if (answer.status === 404) {
    throw new GateError("VERSION_NOT_FOUND", `langsmith: commit ${id} of ${name} is gone`, {
      hint: "somebody deleted the prompt: publish it again",
    });
  }
  // 409: another writer made the tag meanwhile.
  if (answer.status === 409) await api.send({ ...move, accept: [] });
}

/** LangSmith's prompts, one operation each. */
function langsmithPrompts(connection: LangsmithConnection): VendorPrompts {
  const api = langsmithApi(connection, "REGISTRY_FAILED");
  const read = commitReader(api);
  return {
    vendor: "langsmith",
    nameProblem,
    labelProblem,
    templateProblem: messagesProblem,
    // Commits are ordered by the time at which they began.
    showsLate: true,
    companionOf: (prompt) => `${prompt}${COMPANION}`,
    listNames: async () => (await listHandles(api)).filter(isPromptName),
    listRevisions: async (prompt) => readRevisions(read, prompt),
    create: async (prompt, content) => createCommit(api, read, prompt, content),
    async pointers(prompt) {
      const path = `${hubPath("repos", prompt)}/tags`;
      const answer = await api.send({ method: "GET", path, accept: [404] });
      if (answer.status === 404) return [];
      return api.read(tagList, answer).map((tag) => ({ label: tag.tag_name, id: tag.commit_id }));
    },
    point: async (prompt, { label, id }) => putTag(api, prompt, label, id),
  };
}

/** Prompts on LangSmith; commit tags and a companion prompt `<name>--rollout` hold the rest. */
export function langsmithRegistry(options: LangsmithConnection, clock: Clock): Registry {
  return vendorRegistry(langsmithPrompts(options), clock);
}
