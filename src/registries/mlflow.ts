import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import { isPromptName, type Registry } from "../domain/registry.ts";
import { visible, visibleLine } from "../domain/visible.ts";
import type { JsonAnswer, JsonClientOptions, JsonRequest } from "../http/json-client.ts";
import { platformApi, type PlatformApi } from "../http/platform-api.ts";
import { platformAddress, platformKey, platformTimeout } from "./platform-options.ts";
import { readModelParameters } from "./vendor/model-parameters.ts";
import { readEach, readPlainMessage, type ReadMessages } from "./vendor/read-messages.ts";
import { mustacheProblem, unstorable } from "./vendor/template-syntax.ts";
import { vendorRegistry } from "./vendor/vendor-registry.ts";
import type { VendorContent, VendorPrompts, VendorRevision } from "./vendor/vendor.ts";

/** What stands beside `kind: mlflow` in the config. */
export const mlflowSettings = z
  .strictObject({
    baseUrl: platformAddress.default("http://localhost:5000"),
    username: platformKey.regex(/^[^:]+$/, "expected a name without a colon").optional(),
    password: platformKey.optional(),
    token: platformKey.optional(),
    timeout: platformTimeout.default(10_000),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    path: ["password"],
    message: "expected username and password, or neither",
  })
  .refine(({ username, token }) => username === undefined || token === undefined, {
    path: ["token"],
    message: "expected a token, or username and password, not both",
  })
  .transform(({ baseUrl, username, password, token, timeout }) => {
    const basic = Buffer.from(`${username}:${password}`).toString("base64");
    const bearer = token === undefined ? null : `Bearer ${token}`;
    return { baseUrl, authorization: username === undefined ? bearer : `Basic ${basic}`, timeoutMs: timeout };
  });

/** How to reach a server; `authorization`, never printed, is null where it asks for none; tests hand in the waiting. */
type MlflowConnection = z.infer<typeof mlflowSettings> & Pick<JsonClientOptions, "wait">;

const MODELS = "/api/2.0/mlflow/registered-models";
const VERSIONS = "/api/2.0/mlflow/model-versions";
const COMPANION = ".rollout";
const PAGE = 100;
const MOST_PAGES = 2000;
/** Characters of a tag's value; and of a description in the narrowest database. */
const LONGEST_TAG = 100_000;
const LONGEST_NOTE = 5000;

const IS_PROMPT = "mlflow.prompt.is_prompt";
const TEXT = "mlflow.prompt.text";
const TYPE = "_mlflow_prompt_type";
const MODEL = "_mlflow_prompt_model_config";
const RESPONSE_FORMAT = "_mlflow_prompt_response_format";
/** The tag of a version that holds what is ours. */
const OURS = "promptgate";
const PROMPTS_ONLY = `tags.\`${IS_PROMPT}\` = 'true'`;

const tags = z.array(z.object({ key: z.string(), value: z.string().default("") })).default([]);
const registered = z.object({
  name: z.string(),
  tags,
  aliases: z.array(z.object({ alias: z.string() })).default([]),
});
const mlflowVersion = z.object({
  name: z.string(),
  version: z.string().regex(/^[1-9]\d{0,14}$/),
  creation_timestamp: z.int().min(0).max(8.64e15),
  description: z.string().default(""),
  user_id: z.string().nullish(),
  tags,
});
type MlflowVersion = z.infer<typeof mlflowVersion>;

const answeredModel = z.object({ registered_model: registered });
const answeredVersion = z.object({ model_version: mlflowVersion });
/** An empty page has no field at all; other fields are somebody else's answer. */
const none = z.strictObject({}).transform(() => ({ registered_models: [], model_versions: [] }));
const namesPage = z
  .object({ registered_models: z.array(registered), next_page_token: z.string().optional() })
  .or(none);
const versionsPage = z.object({ model_versions: z.array(mlflowVersion) }).or(none);
const modelConfig = z.looseObject({ model_name: z.string() });
const anyList = z.array(z.unknown());
const anyRecord = z.record(z.string(), z.unknown());
const failure = z
  .object({ error_code: z.string(), message: z.string() })
  .catch({ error_code: "", message: "" });

function contentProblem(content: string): string | null {
  if (content.includes("{%") && content.includes("%}")) return "it has {% and %}: a Jinja template there";
  return unstorable(content) ?? mustacheProblem(content);
}

/** What a tag holds as JSON; null where it holds something else. */
function parsed<Value>(schema: z.ZodType<Value>, text: string | undefined): Value | null {
  try {
    return schema.parse(JSON.parse(text ?? ""));
  } catch {
    return null;
  }
}

function readMessages(values: ReadonlyMap<string, string>): ReadMessages {
  if (values.has(RESPONSE_FORMAT)) return { problem: "it has a response format" };
  const text = values.get(TEXT);
  if (text === undefined) return { problem: "it has no text" };
  // A text prompt is one message of the user.
  const given = values.get(TYPE) === "chat" ? parsed(anyList, text) : [{ role: "user", content: text }];
  if (given === null) return { problem: "it has a chat that is no list of messages" };
  return readEach<unknown>(given, (value) => readPlainMessage(value, contentProblem));
}

/** The number and its time: the number of a deleted version is given to another one. */
function revisionId({ version, creation_timestamp: at }: MlflowVersion): string {
  return `${version}.${at}`;
}

/** A version of MLflow as the registry reads it. */
function revisionOf(row: MlflowVersion): VendorRevision {
  const values = new Map(row.tags.map(({ key, value }) => [key, value]));
  const read = readMessages(values);
  const isReadable = "messages" in read;
  const model = parsed(modelConfig, values.get(MODEL));
  return {
    id: revisionId(row),
    order: Number(row.version),
    messages: isReadable ? read.messages : null,
    problem: isReadable ? null : read.problem,
    envelope: parsed(anyRecord, values.get(OURS)),
    model: model === null ? null : { name: model.model_name, parameters: readModelParameters(model) },
    createdAt: new Date(row.creation_timestamp).toISOString(),
    createdBy: row.user_id === "" ? null : (row.user_id ?? null),
    note: row.description,
  };
}

/** The model in MLflow's own words, for applications that read it there. */
function modelConfigOf({ name, parameters }: VendorContent["model"]): z.infer<typeof modelConfig> {
  const words = Object.entries(parameters).map(
    ([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value] as const,
  );
  return { model_name: name, ...Object.fromEntries(words) };
}

/** The body of a new version. */
function creationOf(name: string, { messages, envelope, note, model }: VendorContent): object {
  const values = {
    [IS_PROMPT]: "true",
    [TYPE]: "chat",
    [TEXT]: JSON.stringify(messages.map(({ role, content }) => ({ role, content }))),
    [MODEL]: JSON.stringify(modelConfigOf(model)),
    [OURS]: JSON.stringify(envelope),
  };
  if (Object.values(values).some((value) => value.length > LONGEST_TAG)) {
    const most = `messages, and all else together, have at most ${LONGEST_TAG} characters there as JSON`;
    throw new GateError("PROMPT_INVALID", `mlflow: ${name} is too long: ${most}`);
  }
  const line = visible(note);
  return {
    name,
    // Demanded, and without a meaning for prompts: this is what MLflow's own store says.
    source: "prompt-template",
    description: line.length > LONGEST_NOTE ? `${line.slice(0, LONGEST_NOTE - 1)}…` : line,
    tags: Object.entries(values).map(([key, value]) => ({ key, value })),
  };
}

/** Null where the server says that there is no such thing, and not somebody in front of it. */
async function sendUnlessMissing(api: PlatformApi, request: JsonRequest): Promise<JsonAnswer | null> {
  const answer = await api.send({ ...request, accept: [400, 404] });
  if (answer.status < 300) return answer;
  const { error_code: code, message } = failure.parse(answer.json);
  // MLflow calls an unknown alias a wrong parameter.
  if (code === "RESOURCE_DOES_NOT_EXIST" || /\balias\b.*\bnot found\b/.test(message)) return null;
  throw api.refusal(request, answer);
}

/** Reads page by page until `read` has the last one. */
async function pages(what: string, read: () => Promise<"last" | "further">): Promise<void> {
  for (let page = 0; page < MOST_PAGES; page += 1) if ((await read()) === "last") return;
  throw new GateError("REGISTRY_FAILED", `mlflow: there are more than ${MOST_PAGES * PAGE} ${what}`);
}

async function promptNames(api: PlatformApi, filter: string): Promise<string[]> {
  const names: string[] = [];
  let token: string | undefined;
  await pages("prompts", async () => {
    const query = { filter, max_results: PAGE, page_token: token };
    const page = api.read(namesPage, await api.send({ method: "GET", path: `${MODELS}/search`, query }));
    names.push(...page.registered_models.map(({ name }) => name));
    token = "next_page_token" in page ? page.next_page_token : undefined;
    return (token ?? "") === "" ? "last" : "further";
  });
  return names;
}

/** All versions, by their numbers: whoever deletes one meanwhile moves no other out of sight. */
async function versionRows(api: PlatformApi, prompt: string): Promise<MlflowVersion[]> {
  const rows: MlflowVersion[] = [];
  await pages(`versions of ${prompt}`, async () => {
    const filter = `name = '${prompt}' AND version_number > ${rows.at(-1)?.version ?? 0} AND ${PROMPTS_ONLY}`;
    const query = { filter, max_results: PAGE, order_by: "version_number ASC" };
    const answer = await api.send({ method: "GET", path: `${VERSIONS}/search`, query });
    const page = api.read(versionsPage, answer).model_versions;
    rows.push(...page);
    return page.length < PAGE ? "last" : "further";
  });
  // Some databases take names that differ in case for one.
  return rows.filter(({ name }) => name === prompt);
}

async function readModel(api: PlatformApi, name: string): Promise<z.infer<typeof registered> | null> {
  const answer = await sendUnlessMissing(api, { method: "GET", path: `${MODELS}/get`, query: { name } });
  const model = answer === null ? null : api.read(answeredModel, answer).registered_model;
  return model?.name === name ? model : null;
}

/** Throws `PROMPT_INVALID` where the name is that of a model. */
async function isPrompt(api: PlatformApi, name: string): Promise<boolean> {
  const model = await readModel(api, name);
  if (model === null) return false;
  if (model.tags.some(({ key, value }) => key === IS_PROMPT && value === "true")) return true;
  throw new GateError("PROMPT_INVALID", `mlflow: ${name} is a registered model there and no prompt`, {
    hint: "choose another name",
  });
}

/** Makes the prompt that a version needs; throws `PROMPT_INVALID` where a name is taken that is like it. */
async function ensurePrompt(api: PlatformApi, name: string): Promise<void> {
  if (await isPrompt(api, name)) return;
  const like = await promptNames(api, `name ILIKE '${name}' AND ${PROMPTS_ONLY}`);
  const twin = like.find((known) => known !== name && known.toLowerCase() === name.toLowerCase());
  if (twin !== undefined) {
    throw new GateError("PROMPT_INVALID", `mlflow: ${name} differs only in case from ${visibleLine(twin)}`, {
      hint: "use one spelling: where upper and lower case are the same, the two would be one prompt",
    });
  }
  const body = { name, tags: [{ key: IS_PROMPT, value: "true" }] };
  const request = { method: "POST", path: `${MODELS}/create`, body } as const;
  const answer = await api.send({ ...request, accept: [400], repeatable: true });
  // Somebody else made it meanwhile, or this call did whose answer was lost.
  if (answer.status !== 400 || (await isPrompt(api, name))) return;
  throw api.refusal(request, answer);
}

type Pointers = ReturnType<VendorPrompts["pointers"]>;

async function pointer(api: PlatformApi, prompt: string, label: string): Pointers {
  const query = { name: prompt, alias: label };
  const answer = await sendUnlessMissing(api, { method: "GET", path: `${MODELS}/alias`, query });
  return answer === null ? [] : [{ label, id: revisionId(api.read(answeredVersion, answer).model_version) }];
}

/** MLflow's prompts, one operation each. */
function mlflowPrompts({ authorization, ...connection }: MlflowConnection): VendorPrompts {
  const api = platformApi({
    ...connection,
    service: "mlflow",
    headers: authorization === null ? {} : { authorization },
    failure: "REGISTRY_FAILED",
    credentialsHint: "check username and password, or token, and that the user may edit the prompt",
  });
  return {
    vendor: "mlflow",
    nameProblem: (prompt) =>
      prompt.endsWith(COMPANION) ? `names with ${COMPANION} at the end hold rollouts` : null,
    labelProblem: (label) => (/^(?:latest|v\d+)$/.test(label) ? "it is a name of versions there" : null),
    templateProblem: (messages) =>
      messages.map(({ content }) => contentProblem(content)).find((problem) => problem !== null) ?? null,
    companionOf: (prompt) => `${prompt}${COMPANION}`,
    listNames: async () => [...new Set(await promptNames(api, PROMPTS_ONLY))].filter(isPromptName),
    listRevisions: async (prompt) => (await versionRows(api, prompt)).map(revisionOf),
    async pointers(prompt, label) {
      if (label !== undefined) return pointer(api, prompt, label);
      const aliases = (await readModel(api, prompt))?.aliases ?? [];
      return (await Promise.all(aliases.map(({ alias }) => pointer(api, prompt, alias)))).flat();
    },
    async create(prompt, content) {
      const body = creationOf(prompt, content);
      await ensurePrompt(api, prompt);
      const answer = await api.send({ method: "POST", path: `${VERSIONS}/create`, body });
      return revisionOf(api.read(answeredVersion, answer).model_version);
    },
    async point(prompt, { label, id }) {
      const body = { name: prompt, alias: label, version: id.split(".")[0] };
      if ((await sendUnlessMissing(api, { method: "POST", path: `${MODELS}/alias`, body })) !== null) return;
      throw new GateError("VERSION_NOT_FOUND", `mlflow: version ${id} of ${prompt} was deleted`, {
        hint: "publish it again; versions that a label may go back to must stay",
      });
    },
  };
}

/** Prompts on MLflow; aliases are the labels, and a companion prompt `<name>.rollout` holds the rest. */
export function mlflowRegistry(connection: MlflowConnection, clock: Clock): Registry {
  return vendorRegistry(mlflowPrompts(connection), clock);
}
