import { randomUUID } from "node:crypto";

export interface LangfuseRow {
  readonly id: string;
  readonly createdAt: string;
  updatedAt: string;
  readonly projectId: string;
  readonly createdBy: string;
  readonly name: string;
  readonly version: number;
  readonly type: "text" | "chat";
  readonly prompt: unknown;
  readonly config: unknown;
  labels: string[];
  tags: string[];
  readonly commitMessage: string | null;
}

export interface LangfuseAnswer {
  readonly status: number;
  readonly body: unknown;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const now = (): string => new Date().toISOString();

const refused = (status: number, message: string, error: string): LangfuseAnswer => ({
  status,
  body: { message, error },
});

/** The prompts of one project on Langfuse, with its habits. */
export function langfusePromptShelf() {
  const prompts = new Map<string, LangfuseRow[]>();
  /** Answers of reads by name; here nobody makes them forget, as when the server's cache could not be reached. */
  const cache = new Map<string, LangfuseAnswer>();
  let picks = 0;
  const rowsOf = (name: string): LangfuseRow[] => prompts.get(name) ?? [];

  function markLatest(name: string): void {
    const rows = rowsOf(name);
    const top = Math.max(...rows.map(({ version }) => version));
    for (const row of rows) {
      row.labels = row.labels.filter((label) => label !== "latest");
      if (row.version === top) row.labels.push("latest");
    }
  }

  /** One transaction that locks the row it changes and no other one. */
  async function label(
    name: string,
    version: number,
    labels: readonly string[],
  ): Promise<LangfuseRow | null> {
    const row = rowsOf(name).find((one) => one.version === version);
    if (row === undefined) return null;
    const others = rowsOf(name).filter(
      (one) => one !== row && one.labels.some((held) => labels.includes(held)),
    );
    await turn();
    for (const other of others) {
      other.labels = other.labels.filter((held) => !labels.includes(held));
      other.updatedAt = now();
    }
    row.labels = [...new Set([...labels, ...row.labels])];
    row.updatedAt = now();
    return row;
  }

  function add(body: Record<string, unknown>, createdBy: string): LangfuseRow {
    const name = String(body["name"]);
    const rows = rowsOf(name);
    const at = now();
    const row: LangfuseRow = {
      id: randomUUID(),
      createdAt: at,
      updatedAt: at,
      projectId: "project",
      createdBy,
      name,
      version: Math.max(0, ...rows.map(({ version }) => version)) + 1,
      type: body["type"] === "chat" ? "chat" : "text",
      prompt: structuredClone(body["prompt"]),
      config: structuredClone(body["config"] ?? {}),
      labels: [],
      tags: (body["tags"] as string[] | undefined) ?? rows.at(-1)?.tags ?? [],
      commitMessage: (body["commitMessage"] as string | undefined) ?? null,
    };
    prompts.set(name, [...rows, row]);
    markLatest(name);
    return row;
  }

  return {
    rowsOf,
    /** Somebody works in the web page. */
    addByHand: (body: Record<string, unknown>): LangfuseRow => add(body, "cm-user"),
    label,
    remove(name: string, version: number): void {
      const rows = rowsOf(name).filter((row) => row.version !== version);
      if (rows.length === 0) return void prompts.delete(name);
      prompts.set(name, rows);
      markLatest(name);
      // The rest of the prompt is touched as well: `latest` moves.
      for (const row of rows) if (row.labels.includes("latest")) row.updatedAt = now();
    },
    list(query: URLSearchParams): LangfuseAnswer {
      const page = Number(query.get("page") ?? 1);
      const limit = Number(query.get("limit") ?? 10);
      if (limit > 100) return refused(400, "Invalid request data", "InvalidRequestError");
      const [wanted, held, since] = ["name", "label", "fromUpdatedAt"].map((key) => query.get(key));
      const all = [...prompts.entries()].flatMap(([name, rows]) => {
        if (typeof wanted === "string" && wanted !== name) return [];
        const shown = rows.filter(
          (row) =>
            (typeof held !== "string" || row.labels.includes(held)) &&
            (typeof since !== "string" || Date.parse(row.updatedAt) >= Date.parse(since)),
        );
        if (shown.length === 0) return [];
        return [
          {
            name,
            type: shown[0]?.type,
            versions: shown.map(({ version }) => version),
            labels: [...new Set(shown.flatMap(({ labels }) => labels))],
            tags: shown.at(-1)?.tags,
            lastUpdatedAt: shown
              .map(({ updatedAt }) => updatedAt)
              .sort()
              .at(-1),
            lastConfig: shown.at(-1)?.config,
          },
        ];
      });
      const data = all.slice((page - 1) * limit, page * limit);
      const meta = { page, limit, totalItems: all.length, totalPages: Math.ceil(all.length / limit) };
      return { status: 200, body: { data, meta } };
    },
    read(name: string, query: URLSearchParams): LangfuseAnswer {
      const isCached = query.get("resolve") !== "false";
      const key = `${name}?${query.toString()}`;
      const stored = isCached ? cache.get(key) : undefined;
      if (stored !== undefined) return stored;
      const [version, wanted] = [query.get("version"), query.get("label")];
      if (version !== null && wanted !== null) {
        return refused(400, "Cannot specify both version and label", "InvalidRequestError");
      }
      const held = wanted ?? "production";
      const found = rowsOf(name).filter((row) =>
        version === null ? row.labels.includes(held) : row.version === Number(version),
      );
      // With a label on two versions the database is free to choose.
      picks += 1;
      const row = found[picks % Math.max(1, found.length)];
      if (row === undefined) {
        const asked = version === null ? `label '${held}'` : `version ${version}`;
        return refused(404, `Prompt not found: '${name}' with ${asked}`, "LangfuseNotFoundError");
      }
      const answer = { status: 200, body: structuredClone({ ...row, resolutionGraph: null }) };
      if (isCached) cache.set(key, answer);
      return answer;
    },
    /** Numbers are read before they are taken, so that of two writers at once one is refused. */
    async create(body: Record<string, unknown>): Promise<LangfuseAnswer> {
      const name = String(body["name"]);
      const labels = (body["labels"] as string[] | undefined) ?? [];
      if (name === "" || name.includes("|") || labels.some((held) => !/^[a-z0-9_\-.]{1,36}$/.test(held))) {
        return refused(400, "Invalid request data", "InvalidRequestError");
      }
      const rows = rowsOf(name);
      const type = body["type"] === "chat" ? "chat" : "text";
      if (rows.some((row) => row.type !== type)) {
        const message =
          "Previous versions have different prompt type. Create a new prompt with a different name.";
        return refused(400, message, "InvalidRequestError");
      }
      const seen = rows.length;
      await turn();
      if (rowsOf(name).length !== seen) {
        return refused(
          400,
          "Failed to create prompt due to unique constraint failure, likely a concurrent request",
          "InvalidRequestError",
        );
      }
      const row = add(body, "API");
      if (labels.length > 0) await label(name, row.version, labels);
      return { status: 201, body: structuredClone(row) };
    },
    async patch(name: string, version: number, body: Record<string, unknown>): Promise<LangfuseAnswer> {
      const labels = body["newLabels"] as string[];
      if (labels.includes("latest")) return refused(400, "Label 'latest' is reserved", "InvalidRequestError");
      const row = await label(name, version, labels);
      if (row !== null) return { status: 200, body: structuredClone(row) };
      return refused(404, `Prompt not found: ${name} version ${version}`, "LangfuseNotFoundError");
    },
  };
}
