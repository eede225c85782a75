import { startPlatformServer, type PlatformAnswer, type PlatformCall } from "./platform-server.ts";

export const TOKEN = "mlflow-token-do-not-print-me";

interface Tag {
  readonly key: string;
  readonly value: string;
}

interface StoredVersion {
  readonly number: number;
  readonly at: number;
  readonly description: string;
  readonly tags: readonly Tag[];
}

interface Model {
  readonly name: string;
  readonly tags: readonly Tag[];
  readonly versions: StoredVersion[];
  readonly aliases: Map<string, number>;
}

const IS_PROMPT = "mlflow.prompt.is_prompt";

const isPrompt = ({ tags }: { readonly tags: readonly Tag[] }): boolean =>
  tags.some(({ key, value }) => key === IS_PROMPT && value === "true");

const failure = (status: number, code: string, message: string): PlatformAnswer => ({
  status,
  body: { error_code: code, message },
});
const missing = (what: string): PlatformAnswer =>
  failure(404, "RESOURCE_DOES_NOT_EXIST", `${what} not found`);

/** A page of rows, and where the next one begins: fields that are empty are left out of answers. */
function pageOf(rows: readonly unknown[], query: URLSearchParams, field: string): PlatformAnswer {
  const limit = Number(query.get("max_results"));
  const start = Number(query.get("page_token") ?? 0);
  const page = rows.slice(start, start + limit);
  const next = start + limit < rows.length ? { next_page_token: String(start + limit) } : {};
  return { status: 200, body: { ...(page.length === 0 ? {} : { [field]: page }), ...next } };
}

function mlflowShelf() {
  const models = new Map<string, Model>();
  let time = Date.UTC(2026, 10, 20, 9);

  function versionBody({ name, aliases }: Model, { number, at, description, tags }: StoredVersion): object {
    const own = [...aliases].filter(([, version]) => version === number).map(([alias]) => alias);
    return {
      name,
      version: String(number),
      creation_timestamp: at,
      last_updated_timestamp: at,
      current_stage: "None",
      description,
      source: "prompt-template",
      run_id: "",
      status: "READY",
      run_link: "",
      tags,
      ...(own.length === 0 ? {} : { aliases: own }),
    };
  }

  function modelBody({ name, tags, aliases }: Model): object {
    const shown = [...aliases].map(([alias, version]) => ({ alias, version: String(version) }));
    return {
      name,
      ...(tags.length === 0 ? {} : { tags }),
      ...(shown.length === 0 ? {} : { aliases: shown }),
    };
  }

  function create(name: string, tags: readonly Tag[]): PlatformAnswer {
    if (models.has(name))
      return failure(400, "RESOURCE_ALREADY_EXISTS", `Prompt (name=${name}) already exists.`);
    const model = { name, tags, versions: [], aliases: new Map<string, number>() };
    models.set(name, model);
    return { status: 200, body: { registered_model: modelBody(model) } };
  }

  function addVersion(name: string, tags: readonly Tag[], description = ""): PlatformAnswer {
    const model = models.get(name);
    if (model === undefined) return missing(`Registered Model with name=${name}`);
    time += 1;
    // The number of the newest version is free again when that is deleted.
    const number = (model.versions.at(-1)?.number ?? 0) + 1;
    const version = { number, at: time, description, tags };
    model.versions.push(version);
    return { status: 200, body: { model_version: versionBody(model, version) } };
  }

  function searchVersions(query: URLSearchParams): PlatformAnswer {
    const [, name = "", above = "0"] =
      /^name = '([^']+)' AND version_number > (\d+) AND tags\.`mlflow\.prompt\.is_prompt` = 'true'$/.exec(
        query.get("filter") ?? "",
      ) ?? [];
    if (query.get("order_by") !== "version_number ASC")
      return failure(400, "INVALID_PARAMETER_VALUE", "order");
    const model = models.get(name);
    const rows =
      model?.versions.filter((version) => version.number > Number(above) && isPrompt(version)) ?? [];
    return pageOf(
      rows.map((version) => (model === undefined ? {} : versionBody(model, version))),
      query,
      "model_versions",
    );
  }

  function searchModels(query: URLSearchParams): PlatformAnswer {
    const like = /^name ILIKE '([^']+)' AND /.exec(query.get("filter") ?? "")?.[1]?.toLowerCase();
    const rows = [...models.values()]
      .filter((model) => isPrompt(model) && (like === undefined || model.name.toLowerCase() === like))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
    return pageOf(rows.map(modelBody), query, "registered_models");
  }

  function readAlias(name: string, alias: string): PlatformAnswer {
    const model = models.get(name);
    if (model === undefined) return missing(`Registered Model with name=${name}`);
    const version = model.versions.find(({ number }) => number === model.aliases.get(alias));
    return version === undefined
      ? failure(400, "INVALID_PARAMETER_VALUE", `Registered model alias ${alias} not found.`)
      : { status: 200, body: { model_version: versionBody(model, version) } };
  }

  function setAlias(name: string, alias: string, number: number): PlatformAnswer {
    const model = models.get(name);
    if (model?.versions.some((version) => version.number === number) !== true)
      return missing(`Model Version (name=${name}, version=${number})`);
    model.aliases.set(alias, number);
    return { status: 200, body: {} };
  }

  return {
    models,
    create,
    addVersion,
    searchVersions,
    searchModels,
    readAlias,
    setAlias,
    read(name: string): PlatformAnswer {
      const model = models.get(name);
      return model === undefined
        ? missing(`Registered Model with name=${name}`)
        : { status: 200, body: { registered_model: modelBody(model) } };
    },
    /** What somebody does in the web page: the newest version goes, and the aliases on it. */
    removeNewest(name: string): void {
      const model = models.get(name);
      const gone = model?.versions.pop()?.number;
      for (const [alias, number] of model?.aliases ?? []) if (number === gone) model?.aliases.delete(alias);
    },
  };
}

interface Asked {
  readonly name: string;
  readonly alias: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly Tag[];
}

function refusal({ headers }: PlatformCall): PlatformAnswer | null {
  if (headers.authorization === `Bearer ${TOKEN}`) return null;
  return { status: 401, text: "You are not authenticated" };
}

/** A server that behaves like MLflow's. */
export async function startMlflow() {
  const shelf = mlflowShelf();

  function answer({ method, path, query, body }: PlatformCall): PlatformAnswer {
    const given = body as Asked;
    switch (`${method} ${path.replace("/api/2.0/mlflow/", "")}`) {
      case "GET registered-models/get":
        return shelf.read(query.get("name") ?? "");
      case "GET registered-models/search":
        return shelf.searchModels(query);
      case "GET model-versions/search":
        return shelf.searchVersions(query);
      case "GET registered-models/alias":
        return shelf.readAlias(query.get("name") ?? "", query.get("alias") ?? "");
      case "POST registered-models/create":
        return shelf.create(given.name, given.tags);
      case "POST model-versions/create":
        return shelf.addVersion(given.name, given.tags, given.description);
      case "POST registered-models/alias":
        return shelf.setAlias(given.name, given.alias, Number(given.version));
      default:
        return { status: 404, text: "<!doctype html><title>404 Not Found</title>" };
    }
  }

  return { ...(await startPlatformServer({ refusal, answer, check: null })), shelf };
}

export type MlflowServer = Awaited<ReturnType<typeof startMlflow>>;

/** How the adapter reaches it. */
export function connectionTo({ baseUrl }: Pick<MlflowServer, "baseUrl">) {
  return { baseUrl, authorization: `Bearer ${TOKEN}`, timeoutMs: 10_000, wait: async () => undefined };
}
