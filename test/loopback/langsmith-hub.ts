import { createHash, randomUUID } from "node:crypto";
import { canonicalJson } from "../../src/domain/digest.ts";
import type { PlatformAnswer, PlatformCall } from "./platform-server.ts";

export interface LangsmithCommit {
  readonly id: string;
  readonly commit_hash: string;
  readonly parent_commit_hash: string | null;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly description: string;
  readonly created_at: string;
}

interface LangsmithTag {
  readonly id: string;
  readonly tag_name: string;
  commit: LangsmithCommit;
}

interface LangsmithRepo {
  readonly id: string;
  readonly handle: string;
  /** Oldest first. */
  readonly commits: LangsmithCommit[];
  readonly tags: Map<string, LangsmithTag>;
  readonly isPublic: boolean;
  updatedAt: string;
}

/** What is not documented of the server: whether it takes a commit whose parent is not the newest one. */
export type StaleParents = "taken" | "refused";

const TENANT = "5f2b7c1e-8a44-4f0b-9d0c-3a1f5c1d2e3f";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const now = (): string => new Date().toISOString();

/** One part of the API writes `detail`, the other one `error`. */
const missing = (what: string): PlatformAnswer => ({ status: 404, body: { detail: `${what} not found` } });
const refused = (status: number, error: string): PlatformAnswer => ({ status, body: { error } });

function repoBody(repo: LangsmithRepo): object {
  const times = { created_at: repo.updatedAt, updated_at: repo.updatedAt };
  const counts = { num_likes: 0, num_downloads: 0, num_views: 0, num_commits: repo.commits.length };
  return {
    id: repo.id,
    repo_handle: repo.handle,
    tenant_id: TENANT,
    description: null,
    readme: null,
    ...times,
    ...counts,
    is_public: repo.isPublic,
    is_archived: false,
    tags: [],
    repo_type: "prompt",
    original_repo_id: null,
    upstream_repo_id: null,
    owner: null,
    full_name: `-/${repo.handle}`,
    last_commit_hash: repo.commits.at(-1)?.commit_hash ?? null,
    created_by: null,
    original_repo_full_name: null,
    upstream_repo_full_name: null,
    commit_tags: [...repo.tags.keys()],
  };
}

function tagBody(repo: LangsmithRepo, { id, tag_name, commit }: LangsmithTag): object {
  const times = { created_at: repo.updatedAt, updated_at: repo.updatedAt };
  return { id, repo_id: repo.id, commit_id: commit.id, commit_hash: commit.commit_hash, tag_name, ...times };
}

/** The prompts of one workspace on LangSmith, with its habits. */
export function langsmithHub(staleParents: StaleParents) {
  const repos = new Map<string, LangsmithRepo>();

  function addRepo(handle: string, isPublic = false): LangsmithRepo {
    const made: LangsmithRepo = {
      id: randomUUID(),
      handle,
      commits: [],
      tags: new Map(),
      isPublic,
      updatedAt: now(),
    };
    repos.set(handle, made);
    return made;
  }

  function addCommit(repo: LangsmithRepo, manifest: object, description: string): LangsmithCommit {
    const parent = repo.commits.at(-1)?.commit_hash ?? null;
    const hash = createHash("sha256")
      .update(`${parent ?? ""}${canonicalJson(manifest)}`)
      .digest("hex");
    const commit = {
      id: randomUUID(),
      commit_hash: hash,
      parent_commit_hash: parent,
      manifest: structuredClone(manifest) as Record<string, unknown>,
      description,
      created_at: now(),
    };
    repo.commits.push(commit);
    repo.updatedAt = now();
    return commit;
  }

  function list(query: URLSearchParams): PlatformAnswer {
    const [limit, offset] = [Number(query.get("limit") ?? 20), Number(query.get("offset") ?? 0)];
    if (limit > 100) return { status: 422, body: { detail: [] } };
    const isPublic = query.get("is_public");
    const shown = [...repos.values()]
      .filter((repo) => isPublic === null || String(repo.isPublic) === isPublic)
      .sort((left, right) => (left.updatedAt < right.updatedAt ? 1 : -1));
    const page = shown.slice(offset, offset + limit).map(repoBody);
    return { status: 200, body: { repos: page, total: shown.length } };
  }

  function create({ repo_handle: handle, is_public: isPublic }: Record<string, unknown>): PlatformAnswer {
    const name = String(handle);
    if (!/^[a-z][a-z0-9-_]*$/.test(name)) return { status: 422, body: { detail: [] } };
    if (repos.has(name)) return { status: 409, body: { detail: "Repo already exists" } };
    return { status: 200, body: { repo: repoBody(addRepo(name, isPublic === true)) } };
  }

  function commits(repo: LangsmithRepo, query: URLSearchParams): PlatformAnswer {
    const [limit, offset] = [Number(query.get("limit") ?? 20), Number(query.get("offset") ?? 0)];
    if (limit > 100) return refused(400, "limit must be at most 100");
    const page = repo.commits.toReversed().slice(offset, offset + limit);
    const shown = page.map(({ parent_commit_hash: parent, ...rest }) => ({
      ...rest,
      full_name: `-/${repo.handle}`,
      repo_id: repo.id,
      ...(parent === null ? {} : { parent_commit_hash: parent }),
    }));
    return { status: 200, body: { commits: shown, total: repo.commits.length } };
  }

  async function commit(repo: LangsmithRepo, body: Record<string, unknown>): Promise<PlatformAnswer> {
    await turn();
    const { manifest, parent_commit: parent, description } = body as { manifest: object } & typeof body;
    const newest = repo.commits.at(-1);
    if (newest !== undefined && canonicalJson(newest.manifest) === canonicalJson(manifest)) {
      return refused(409, "Nothing to commit: prompt has not changed since latest commit");
    }
    if (staleParents === "refused" && parent !== newest?.commit_hash) {
      return refused(409, "Parent commit is not the latest commit");
    }
    const text = typeof description === "string" ? description : "";
    const { id, commit_hash, created_at } = addCommit(repo, manifest, text);
    return { status: 201, body: { commit: { id, commit_hash, created_at, repo_id: repo.id } } };
  }

  async function putTag(
    repo: LangsmithRepo,
    name: string,
    id: unknown,
    isNew: boolean,
  ): Promise<PlatformAnswer> {
    await turn();
    const known = repo.tags.get(name);
    if (isNew && known !== undefined) return { status: 409, body: { detail: `Tag ${name} already exists` } };
    if (!isNew && known === undefined) return missing("Tag");
    const target = repo.commits.find((one) => one.id === id);
    if (target === undefined) return missing("Commit");
    const tag = { id: known?.id ?? randomUUID(), tag_name: name, commit: target };
    repo.tags.set(name, tag);
    repo.updatedAt = now();
    return { status: 200, body: tagBody(repo, tag) };
  }

  function ofRepo({ method, query, body }: PlatformCall, repo: LangsmithRepo, rest: string) {
    const values = (body ?? {}) as Record<string, unknown>;
    if (rest === "commits") return method === "GET" ? commits(repo, query) : commit(repo, values);
    if (rest === "tags" && method === "POST") {
      return putTag(repo, String(values["tag_name"]), values["commit_id"], true);
    }
    if (rest === "tags") {
      return { status: 200, body: [...repo.tags.values()].map((tag) => tagBody(repo, tag)) };
    }
    if (rest.startsWith("tags/") && method === "PATCH") {
      return putTag(repo, rest.slice("tags/".length), values["commit_id"], false);
    }
    return missing("Route");
  }

  return {
    commitsOf: (handle: string): readonly LangsmithCommit[] => repos.get(handle)?.commits ?? [],
    tagsOf: (handle: string): Record<string, string> =>
      Object.fromEntries([...(repos.get(handle)?.tags ?? [])].map(([name, { commit: at }]) => [name, at.id])),
    /** Somebody works in the web page. */
    addByHand: (handle: string, manifest: object, description = ""): LangsmithCommit =>
      addCommit(repos.get(handle) ?? addRepo(handle), manifest, description),
    /** A commit that began before the newest one, and is seen after it. */
    showLate(handle: string, manifest: object): void {
      const commits = repos.get(handle)?.commits ?? [];
      const newest = commits.pop();
      addCommit(repos.get(handle) ?? addRepo(handle), manifest, "");
      if (newest !== undefined) commits.push(newest);
    },
    addPublic: (handle: string): void => void addRepo(handle, true),
    moveByHand(handle: string, tag: string, id: string): void {
      const repo = repos.get(handle);
      const target = repo?.commits.find((one) => one.id === id);
      if (target !== undefined) repo?.tags.set(tag, { id: randomUUID(), tag_name: tag, commit: target });
    },
    remove: (handle: string): void => void repos.delete(handle),
    answer(call: PlatformCall, path: string): PlatformAnswer | Promise<PlatformAnswer> {
      if (path === "/repos") {
        return call.method === "GET" ? list(call.query) : create(call.body as Record<string, unknown>);
      }
      const [, kind, handle, rest] = /^\/(repos|commits)\/-\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
      if (handle === undefined) return missing("Route");
      const repo = repos.get(decodeURIComponent(handle));
      if (repo === undefined) return kind === "commits" ? refused(404, "Repo not found") : missing("Repo");
      return ofRepo(call, repo, kind === "commits" ? "commits" : decodeURIComponent(rest ?? ""));
    },
  };
}
