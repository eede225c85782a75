import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import { isPromptName, type Registry } from "../domain/registry.ts";
import { visibleLine } from "../domain/visible.ts";
import { langfuseApi, type LangfuseApi, type LangfuseConnection } from "../http/langfuse.ts";
import {
  promptPath,
  promptReader,
  promptRow,
  promptSummaries,
  type PromptRow,
} from "../http/langfuse-prompts.ts";
import { contentProblem, creationOf, revisionId, revisionOf } from "./langfuse-content.ts";
import { platformAddress, platformKey, platformTimeout } from "./platform-options.ts";
import { vendorRegistry } from "./vendor/vendor-registry.ts";
import type { VendorContent, VendorPrompts, VendorRevision } from "./vendor/vendor.ts";

/** What stands beside `kind: langfuse` in the config. */
export const langfuseSettings = z
  .strictObject({
    baseUrl: platformAddress.default("https://cloud.langfuse.com"),
    publicKey: platformKey,
    secretKey: platformKey,
    folder: z
      .string()
      .regex(/^(?:[\w.-]+(?:\/[\w.-]+)*)?$/, "expected a folder such as team/support")
      .max(80)
      .default(""),
    timeout: platformTimeout.default(10_000),
  })
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }));

export interface LangfuseRegistryOptions extends LangfuseConnection {
  /** Where on Langfuse the prompts are, e.g. `team/support`; empty = at the top. */
  readonly folder: string;
}

const COMPANION = ".rollout";
const RESERVED = new Set(["new", "metrics", "prompt-detail"]);
const LABEL = /^[a-z0-9_.-]{1,36}$/;
/** Each refusal is another writer's success. */
const CREATIONS = 20;

/** Why a prompt cannot have that name on Langfuse; null = it can. */
export function nameProblem(prompt: string): string | null {
  if (RESERVED.has(prompt)) return `"${prompt}" is a page of its own there`;
  return prompt.endsWith(COMPANION) ? `names with ${COMPANION} at the end hold rollouts` : null;
}

/** The same of a label. */
export function labelProblem(label: string): string | null {
  if (label === "latest") return "it always points at the newest version there";
  return LABEL.test(label) ? null : "a label has at most 36 characters there";
}

const failureWords = z.object({ message: z.string() }).catch({ message: "" });

function wrongType(name: string): GateError {
  return new GateError("PROMPT_INVALID", `langfuse: ${name} holds text prompts, and always will`, {
    hint: "a text prompt is one message of the user: write it so, or choose another name",
  });
}

/** Adds a version; the body is a chat, or text where the prompt has always been text. */
async function createRow(api: LangfuseApi, name: string, content: VendorContent): Promise<PromptRow> {
  let body: Readonly<Record<string, unknown>> = creationOf(name, content);
  const [only, ...others] = content.messages;
  for (let attempt = 0; attempt < CREATIONS; attempt += 1) {
    const request = { method: "POST", path: "/api/public/v2/prompts", body, accept: [400] } as const;
    const answer = await api.send(request);
    if (answer.status !== 400) return api.read(promptRow, answer);
    const { message } = failureWords.parse(answer.json);
    // Nothing was stored: another writer got the number, and there is a next one.
    if (/unique constraint/i.test(message)) continue;
    if (!/different prompt type/i.test(message)) throw api.refusal(request, answer);
    if (body["type"] === "text" || only?.role !== "user" || others.length > 0) throw wrongType(name);
    body = { ...body, type: "text", prompt: only.content };
  }
  throw new GateError("REGISTRY_CONFLICT", `langfuse: other writers kept adding versions of ${name}`, {
    hint: "run the command again",
    retryable: true,
  });
}

/** Throws `PROMPT_INVALID` for a new name that differs only in case from a known one: as files they would be one. */
async function checkTwin(api: LangfuseApi, name: string): Promise<void> {
  if ((await promptSummaries(api, { name })).length > 0) return;
  const names = (await promptSummaries(api)).map((summary) => summary.name);
  const twin = names.find((known) => known !== name && known.toLowerCase() === name.toLowerCase());
  if (twin === undefined) return;
  throw new GateError("PROMPT_INVALID", `langfuse: ${name} differs only in case from ${visibleLine(twin)}`, {
    hint: "use one spelling: where upper and lower case are the same, the two would be one prompt",
  });
}

/** Reads as the server's tables are now, past its cache. */
function readsOf(api: LangfuseApi, nameOf: (prompt: string) => string) {
  const read = promptReader(api);
  return {
    async listRevisions(prompt: string): Promise<readonly VendorRevision[]> {
      return (await read(nameOf(prompt))).rows.map(revisionOf);
    },
    async pointers(prompt: string) {
      const name = nameOf(prompt);
      const { labels, rows } = await read(name);
      const ids = new Map(rows.map((row) => [row.version, revisionId(row)]));
      const held = labels
        .filter((label) => label !== "latest")
        .map(async (label) => {
          const holders = await promptSummaries(api, { name, label });
          const numbers = holders.filter((one) => one.name === name).flatMap(({ versions }) => versions);
          return numbers.map((number) => ({ label, id: ids.get(number) ?? String(number) }));
        });
      return (await Promise.all(held)).flat();
    },
  };
}

/** Langfuse's prompts, one operation each. */
function langfusePrompts({ folder, ...connection }: LangfuseRegistryOptions): VendorPrompts {
  const api = langfuseApi(connection, "REGISTRY_FAILED");
  const prefix = folder === "" ? "" : `${folder}/`;
  const nameOf = (prompt: string): string => `${prefix}${prompt}`;
  return {
    vendor: "langfuse",
    nameProblem,
    labelProblem,
    templateProblem: (messages) =>
      messages.map(({ content }) => contentProblem(content)).find((problem) => problem !== null) ?? null,
    companionOf: (prompt) => `${prompt}${COMPANION}`,
    async listNames() {
      const names = (await promptSummaries(api)).map(({ name }) => name);
      const ours = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
      // Prompts in other folders, or with names that no file can have, are none of this registry.
      return [...new Set(ours)].filter(isPromptName);
    },
    ...readsOf(api, nameOf),
    async create(prompt, content) {
      await checkTwin(api, nameOf(prompt));
      return revisionOf(await createRow(api, nameOf(prompt), content));
    },
    async point(prompt, { label, id }) {
      const path = `${promptPath(nameOf(prompt))}/versions/${Number.parseInt(id, 10)}`;
      const request = { method: "PATCH", path, body: { newLabels: [label] }, accept: [404] } as const;
      if ((await api.send(request)).status !== 404) return;
      throw new GateError("VERSION_NOT_FOUND", `langfuse: version ${id} of ${prompt} was deleted`, {
        hint: "publish it again; versions that a label may go back to must stay",
      });
    },
  };
}

/** Prompts on Langfuse; labels of its own and a companion prompt `<name>.rollout` hold the rest. */
export function langfuseRegistry(options: LangfuseRegistryOptions, clock: Clock): Registry {
  return vendorRegistry(langfusePrompts(options), clock);
}
