import type { PlatformAnswer } from "./platform-server.ts";

interface StoredVersion {
  readonly version: number;
  readonly versionId: number;
  readonly template: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly note: string | null;
  readonly createdAt: string;
}

export interface StoredLabel {
  readonly id: number;
  readonly name: string;
  readonly prompt: number;
  readonly createdAt: string;
  version: number;
}

interface StoredPrompt {
  readonly id: number;
  readonly name: string;
  readonly isSnippet: boolean;
  isDeleted: boolean;
  readonly versions: StoredVersion[];
}

/** A version as a person or a program hands it in. */
export interface NewVersion {
  readonly prompt_template: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly commit_message?: string | null;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Errors of the older calls are words and no JSON. */
const words = (status: number, text: string): PlatformAnswer => ({ status, text });

const now = (): string => new Date().toISOString();

/** The prompts of one workspace on PromptLayer, with its habits. */
export function promptLayerShelf() {
  const prompts: StoredPrompt[] = [];
  const labels: StoredLabel[] = [];
  const protectedLabels = new Set<string>();
  let ids = 10;
  const nextId = (): number => (ids += 1);

  const active = (identifier: string): StoredPrompt | undefined =>
    prompts.find(
      (one) =>
        !one.isDeleted &&
        (/^\d+$/.test(identifier) ? one.id === Number(identifier) : one.name === identifier),
    );

  function add(name: string, version: NewVersion, isSnippet = false): StoredVersion {
    let prompt = active(name);
    if (prompt === undefined) {
      prompt = { id: nextId(), name, isSnippet, isDeleted: false, versions: [] };
      prompts.push(prompt);
    }
    const stored: StoredVersion = {
      version: prompt.versions.length + 1,
      versionId: nextId(),
      template: structuredClone(version.prompt_template),
      metadata: structuredClone(version.metadata ?? null),
      note: version.commit_message ?? null,
      createdAt: now(),
    };
    prompt.versions.push(stored);
    return stored;
  }

  const rawOf = (prompt: StoredPrompt, stored: StoredVersion): object => ({
    success: true,
    id: prompt.id,
    prompt_name: prompt.name,
    version: stored.version,
    workspace_id: 1,
    prompt_template: structuredClone(stored.template),
    metadata: structuredClone(stored.metadata),
    commit_message: stored.note,
    tags: [],
    created_at: stored.createdAt,
    snippets: [],
    llm_kwargs: null,
  });

  function labelAnswer(status: number, label: StoredLabel): PlatformAnswer {
    const versions = prompts.find(({ id }) => id === label.prompt)?.versions ?? [];
    const prompt_version_id = versions.find(({ version }) => version === label.version)?.versionId;
    const { id, name, prompt, createdAt } = label;
    return { status, body: { id, name, prompt_id: prompt, prompt_version_id, created_at: createdAt } };
  }

  return {
    add,
    labels,
    protectedLabels,
    versionsOf: (name: string): readonly StoredVersion[] => active(name)?.versions ?? [],
    labelsOf: (name: string): readonly StoredLabel[] =>
      labels.filter((label) => label.prompt === active(name)?.id),
    idOf: (name: string): number => active(name)?.id ?? 0,
    /** Somebody sets a label in the web page, where two at once may make two of it. */
    label(name: string, label: string, version: number): void {
      labels.push({ id: nextId(), name: label, prompt: active(name)?.id ?? 0, createdAt: now(), version });
    },
    remove(name: string): void {
      const prompt = active(name);
      if (prompt !== undefined) prompt.isDeleted = true;
    },
    list(query: URLSearchParams): PlatformAnswer {
      const page = Number(query.get("page") ?? 1);
      // Larger pages are asked for in vain.
      const perPage = Math.min(Number(query.get("per_page") ?? 30), 100);
      const part = query.get("name")?.toLowerCase() ?? "";
      const found = prompts.filter((prompt) => !prompt.isDeleted && prompt.name.toLowerCase().includes(part));
      const pages = Math.max(1, Math.ceil(found.length / perPage));
      const items = found.slice((page - 1) * perPage, page * perPage).map((prompt) => {
        const newest = prompt.versions.at(-1);
        return {
          id: prompt.id,
          prompt_name: prompt.name,
          prompt_template: newest?.template,
          metadata: newest?.metadata,
          commit_message: newest?.note,
          version: newest?.version,
          external_ids: [],
          is_snippet: prompt.isSnippet,
        };
      });
      const place = { page, pages, total: found.length, next_num: page + 1, prev_num: page - 1 };
      return { status: 200, body: { items, ...place, has_next: page < pages, has_prev: page > 1 } };
    },
    read(identifier: string, query: URLSearchParams): PlatformAnswer {
      const prompt = active(identifier);
      const version = query.get("version");
      const stored =
        version === null
          ? prompt?.versions.at(-1)
          : prompt?.versions.find((one) => one.version === Number(version));
      if (prompt === undefined || stored === undefined) return words(404, "Prompt template not found");
      return { status: 200, body: rawOf(prompt, stored) };
    },
    listLabels(identifier: string): PlatformAnswer {
      const prompt = active(identifier);
      if (prompt === undefined) return words(404, "Prompt template not found");
      const release_labels = labels
        .filter((label) => label.prompt === prompt.id)
        .map(({ id, name, version }) => ({
          release_label: name,
          release_label_id: id,
          prompt_version_number: version,
          prompt_version_id: prompt.versions[version - 1]?.versionId,
        }));
      return { status: 200, body: { release_labels } };
    },
    /** Created things are answered with 201 where the description says 200. */
    async publish(body: unknown): Promise<PlatformAnswer> {
      const { prompt_template: base, prompt_version: version } = body as {
        prompt_template: { prompt_name: string };
        prompt_version: NewVersion;
      };
      if ((version.commit_message ?? "").length > 72) return words(422, "commit_message is too long");
      await turn();
      const stored = add(base.prompt_name, version);
      const prompt = active(base.prompt_name);
      return {
        status: 201,
        body: {
          id: prompt?.id,
          prompt_name: base.prompt_name,
          prompt_version_id: stored.versionId,
          version_number: stored.version,
          tags: [],
          release_labels: null,
          prompt_template: structuredClone(stored.template),
          metadata: structuredClone(stored.metadata),
          commit_message: stored.note,
          external_ids: [],
        },
      };
    },
    async createLabel(prompt: number, body: unknown): Promise<PlatformAnswer> {
      const { name, prompt_version_number: version } = body as {
        name: string;
        prompt_version_number: number;
      };
      const isThere = (): boolean => labels.some((label) => label.prompt === prompt && label.name === name);
      if (isThere()) return words(400, `Label ${name} already exists`);
      // Looked at before it is made: of two at once both succeed, and the label is there twice.
      await turn();
      const label = { id: nextId(), name, prompt, createdAt: now(), version };
      labels.push(label);
      return labelAnswer(201, label);
    },
    async moveLabel(id: number, body: unknown): Promise<PlatformAnswer> {
      const { prompt_version_number: version } = body as { prompt_version_number: number };
      await turn();
      const label = labels.find((one) => one.id === id);
      const known = prompts.find((one) => one.id === label?.prompt)?.versions ?? [];
      if (label === undefined || !known.some((one) => one.version === version)) {
        return words(404, "Label or version not found");
      }
      // A protected label stays where it is until somebody approves.
      if (!protectedLabels.has(label.name)) label.version = version;
      return labelAnswer(200, label);
    },
  };
}
