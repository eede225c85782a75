import { visibleLine } from "../../domain/visible.ts";
import { promptSchema } from "../../config/prompt-schema.ts";
import {
  childOf,
  isFields,
  itemsOf,
  readLocated,
  referencedFile,
  type Fields,
  type ImportSource,
  type Located,
} from "./located.ts";

/** A provider as this project knows one: an OpenAI model and what it is asked with. */
export interface ImportedProvider {
  readonly place: Located;
  /** promptfoo's id and label, which tests and prompts refer to. */
  readonly id: string;
  readonly label: string | null;
  readonly model: string;
  readonly baseUrl: string | null;
  /** Keys of a prompt file: `modelParameters`, `responseFormat`, `jsonSchema`, `tools`. */
  readonly settings: Fields;
  /** Labels of the prompts it is for; null = all. */
  readonly prompts: readonly string[] | null;
  /** True where promptfoo changes its outputs before they are checked. */
  readonly transforms: boolean;
}

const PARAMETERS: Readonly<Record<string, string>> = {
  temperature: "temperature",
  max_tokens: "maxTokens",
  max_completion_tokens: "maxTokens",
  max_output_tokens: "maxTokens",
  top_p: "topP",
  seed: "seed",
  stop: "stop",
  frequency_penalty: "frequencyPenalty",
  presence_penalty: "presencePenalty",
  reasoning_effort: "reasoningEffort",
};

/** A prompt file with these settings is in order. */
function isUsable(settings: Fields): boolean {
  const prompt = { name: "a", version: "1.0.0", model: "m", messages: [{ role: "user", content: "" }] };
  return promptSchema.safeParse({ ...prompt, ...settings }).success;
}

/** The model of `openai:MODEL` and `openai:chat:MODEL`, or why there is none. */
export function openaiModelOf(id: string): { readonly model: string } | { readonly reason: string } {
  const [vendor = "", ...rest] = id.split(":");
  if (vendor !== "openai") {
    return {
      reason: `the provider ${visibleLine(vendor, 60)} is none of this tool's; models here are OpenAI's or speak its API`,
    };
  }
  const [kind = "", ...name] = rest;
  if (kind === "chat" || kind === "responses") {
    return name.length > 0 ? { model: name.join(":") } : { reason: "it names no model" };
  }
  if (
    ["completion", "embedding", "embeddings", "image", "assistant", "realtime", "moderation"].includes(kind)
  ) {
    return { reason: `openai:${kind} is no chat model` };
  }
  return kind === "" ? { reason: "it names no model" } : { model: rest.join(":") };
}

function responseFormat(value: unknown): Fields | null {
  if (!isFields(value)) return null;
  if (value["type"] !== "json_schema") return { responseFormat: value["type"] };
  const described = isFields(value["json_schema"]) ? value["json_schema"] : value;
  return { responseFormat: "json_schema", jsonSchema: described["schema"] };
}

function toolsOf(value: unknown): Fields | null {
  if (!Array.isArray(value)) return null;
  const tools = value.map((tool: unknown) => {
    const described = isFields(tool) && isFields(tool["function"]) ? tool["function"] : {};
    const { name, description, parameters = { type: "object" } } = described;
    return { name, ...(description === undefined ? {} : { description }), parameters };
  });
  return { tools };
}

const REASONS: Readonly<Record<string, string>> = {
  apiKey: "a key must not stand in a file; export OPENAI_API_KEY, or name a variable as models.NAME.apiKey",
  headers: "may hold secrets; write them under models with references such as ${VAR}",
};

function settingReason(key: string, { value }: Located): string {
  if (key === "apiKeyEnvar" && typeof value === "string") {
    return `write apiKey: "\${${visibleLine(value, 60)}}" to the model in promptgate.yaml`;
  }
  return REASONS[key] ?? "has no counterpart in a prompt file";
}

/** Settings of one key of a provider's `config`; null when it cannot be carried. */
async function settingOf(source: ImportSource, key: string, place: Located): Promise<Fields | null> {
  const file = referencedFile(place.value);
  const value = file === null ? place.value : (await readLocated(source, place, file))?.value;
  const parameter = Object.hasOwn(PARAMETERS, key) ? PARAMETERS[key] : undefined;
  const settings =
    parameter !== undefined
      ? { modelParameters: { [parameter]: value } }
      : key === "reasoning" && isFields(value) && Object.keys(value).join() === "effort"
        ? { modelParameters: { reasoningEffort: value["effort"] } }
        : key === "response_format"
          ? responseFormat(value)
          : key === "tools"
            ? toolsOf(value)
            : null;
  return settings !== null && isUsable(settings) ? settings : null;
}

/** What of a provider's or prompt's `config` a prompt file can hold; the rest is noted. */
export async function settingsOf(
  source: ImportSource,
  config: Located,
  handled: readonly string[] = [],
): Promise<Fields> {
  if (!isFields(config.value)) return {};
  let settings: Record<string, unknown> = {};
  for (const key of Object.keys(config.value)) {
    if (handled.includes(key)) continue;
    const place = childOf(config, key);
    const found = await settingOf(source, key, place);
    if (found === null) {
      source.notes.lost(place, settingReason(key, place));
      continue;
    }
    const parameters = {
      ...(settings["modelParameters"] as Fields),
      ...(found["modelParameters"] as Fields),
    };
    settings = {
      ...settings,
      ...found,
      ...(Object.keys(parameters).length > 0 ? { modelParameters: parameters } : {}),
    };
  }
  return settings;
}

const ADDRESSES = ["apiBaseUrl", "apiHost"] as const;

/** The server of a provider's config; undefined when its address cannot be used. */
function baseUrlOf(source: ImportSource, config: Located): string | null | undefined {
  for (const key of ADDRESSES) {
    const place = childOf(config, key);
    if (place.value === undefined) continue;
    const written = typeof place.value === "string" ? place.value : "";
    const address = key === "apiHost" ? `https://${written}/v1` : written;
    const url = URL.canParse(address) ? new URL(address) : null;
    if (url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "") return address;
    source.notes.lost(place, "expected an http or https address without a password or template in it");
    return undefined;
  }
  return null;
}

const KNOWN_KEYS = ["id", "label", "config", "prompts", "transform"];

/** `id`, `{id, config, …}` and `{ID: {config, …}}` as one shape. */
function shapeOf(place: Located): { readonly id: unknown; readonly options: Located } {
  const { value } = place;
  if (!isFields(value)) return { id: value, options: { ...place, value: {} } };
  const [first] = Object.keys(value);
  if (value["id"] !== undefined || first === undefined) return { id: value["id"], options: place };
  const options = childOf(place, first);
  return { id: isFields(options.value) ? (options.value["id"] ?? first) : first, options };
}

async function importOne(source: ImportSource, place: Located): Promise<ImportedProvider | null> {
  const { id, options } = shapeOf(place);
  const found = typeof id === "string" ? openaiModelOf(id) : { reason: "it has no id that is text" };
  if ("reason" in found) {
    source.notes.lost(place, found.reason);
    return null;
  }
  if (/[{}]/.test(found.model)) {
    source.notes.lost(place, "its model is a template");
    return null;
  }
  const config = childOf(options, "config");
  const baseUrl = baseUrlOf(source, config);
  if (baseUrl === undefined) return null;
  if (String(id).startsWith("openai:responses:")) {
    source.notes.changed(place, "the Responses API becomes chat completions");
  }
  const fields = isFields(options.value) ? options.value : {};
  for (const key of Object.keys(fields).filter((key) => !KNOWN_KEYS.includes(key))) {
    source.notes.lost(childOf(options, key), "has no counterpart here");
  }
  const { label, prompts } = fields;
  return {
    place,
    id: String(id),
    label: typeof label === "string" ? label : null,
    model: found.model,
    baseUrl,
    settings: await settingsOf(source, config, ADDRESSES),
    prompts: Array.isArray(prompts) ? prompts.map(String) : null,
    transforms: fields["transform"] !== undefined,
  };
}

/** The providers that can be carried, in their order; the others are noted. */
export async function importProviders(source: ImportSource, providers: Located): Promise<ImportedProvider[]> {
  const imported: ImportedProvider[] = [];
  for (const place of itemsOf(providers)) {
    const file = referencedFile(place.value);
    if (file === null) {
      const provider = await importOne(source, place);
      if (provider !== null) imported.push(provider);
      continue;
    }
    const read = await readLocated(source, place, file);
    for (const item of read === null ? [] : itemsOf(read)) {
      const provider = await importOne(source, item);
      if (provider !== null) imported.push(provider);
    }
  }
  return imported;
}
