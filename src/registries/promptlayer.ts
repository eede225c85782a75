import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import { isPromptName, type Registry } from "../domain/registry.ts";
import { visibleLine } from "../domain/visible.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import { promptLayerApi, type PromptLayerConnection } from "../http/promptlayer.ts";
import {
  promptNames,
  promptReader,
  promptRow,
  readPromptRow,
  readReleaseLabels,
  type ReleaseLabel,
} from "../http/promptlayer-prompts.ts";
import { platformAddress, platformKey, platformTimeout } from "./platform-options.ts";
import { creationOf, revisionId, revisionOf } from "./promptlayer-content.ts";
import { toPromptLayer } from "./promptlayer-syntax.ts";
import { vendorRegistry } from "./vendor/vendor-registry.ts";
import type { VendorPrompts } from "./vendor/vendor.ts";

/** What stands beside `kind: promptlayer` in the config. */
export const promptLayerSettings = z
  .strictObject({
    baseUrl: platformAddress.default("https://api.promptlayer.com"),
    apiKey: platformKey,
    timeout: platformTimeout.default(10_000),
  })
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }));

const COMPANION = ".rollout";

/** Why PromptLayer cannot have a prompt of this name; null = it can. */
export function nameProblem(prompt: string): string | null {
  if (/^\d+$/.test(prompt)) return "a name of digits is taken for the number of a prompt there";
  return prompt.endsWith(COMPANION) ? `names with ${COMPANION} at the end hold rollouts` : null;
}

/** The answer to a new version; it has other words than a version that is read. */
const createdRow = promptRow
  .omit({ version: true })
  .extend({ version_number: z.int().positive() })
  .transform(({ version_number: version, ...row }) => ({ ...row, version }));

/** Throws `PROMPT_INVALID` for a new name that differs only in case from a known one: as files they would be one. */
async function checkTwin(api: PlatformApi, name: string): Promise<void> {
  const names = await promptNames(api, name);
  const twin = names.find((known) => known.toLowerCase() === name.toLowerCase());
  if (twin === undefined || names.includes(name)) return;
  throw new GateError(
    "PROMPT_INVALID",
    `promptlayer: ${name} differs only in case from ${visibleLine(twin)}`,
    {
      hint: "use one spelling: where upper and lower case are the same, the two would be one prompt",
    },
  );
}

interface Place {
  /** Number of the prompt. */
  readonly prompt: number;
  readonly version: number;
}

function placeOf(id: string): Place {
  const [prompt = Number.NaN, version = Number.NaN] = id.split(".").map(Number);
  return { prompt, version };
}

const movedLabel = z.object({ prompt_version_id: z.int().positive() });

/** Throws `REGISTRY_CONFLICT` where PromptLayer answers that the label is where it was. */
async function moveRows(api: PlatformApi, rows: readonly ReleaseLabel[], version: number): Promise<void> {
  for (const { release_label_id, release_label, ...before } of rows) {
    const body = { prompt_version_number: version };
    const path = `/prompt-labels/${release_label_id}`;
    const after = api.read(movedLabel, await api.send({ method: "PATCH", path, body }));
    const isUnmoved = after.prompt_version_id === before.prompt_version_id;
    if (!isUnmoved || before.prompt_version_number === version) continue;
    const label = visibleLine(release_label, 80);
    throw new GateError("REGISTRY_CONFLICT", `promptlayer did not move label ${label}`, {
      hint: "it is protected there: give the key's role the permission to deploy, or take the protection off",
    });
  }
}

/** Moves a label, every row of it where a race made two; makes it where there is none. */
async function pointLabel(api: PlatformApi, label: string, { prompt, version }: Place): Promise<void> {
  const rowsOf = async (): Promise<ReleaseLabel[]> =>
    (await readReleaseLabels(api, prompt)).filter((row) => row.release_label === label);
  const rows = await rowsOf();
  if (rows.length > 0) return moveRows(api, rows, version);
  const body = { prompt_version_number: version, name: label };
  const path = `/prompts/${prompt}/label`;
  const request = { method: "POST", path, body, accept: [400, 409, 422] } as const;
  const answer = await api.send(request);
  if (answer.status < 300) return;
  // Another writer made it meanwhile.
  const made = await rowsOf();
  if (made.length === 0) throw api.refusal(request, answer);
  await moveRows(api, made, version);
}

/** PromptLayer's prompts, one operation each. */
function promptLayerPrompts(connection: PromptLayerConnection): VendorPrompts {
  const api = promptLayerApi(connection, "REGISTRY_FAILED");
  const read = promptReader(api);
  return {
    vendor: "promptlayer",
    nameProblem,
    labelProblem: () => null,
    templateProblem(messages) {
      const written = toPromptLayer(messages);
      return written.kind === "problem" ? written.problem : null;
    },
    companionOf: (prompt) => `${prompt}${COMPANION}`,
    async listNames() {
      // Names that no file can have, or that PromptLayer takes for numbers, are none of this registry.
      return (await promptNames(api)).filter((name) => isPromptName(name) && !/^\d+$/.test(name));
    },
    listRevisions: async (prompt) => (await read(prompt)).map(revisionOf),
    async create(prompt, content) {
      await checkTwin(api, prompt);
      const body = creationOf(prompt, content);
      const answer = await api.send({ method: "POST", path: "/rest/prompt-templates", body });
      return revisionOf(api.read(createdRow, answer));
    },
    async pointers(prompt) {
      const newest = await readPromptRow(api, prompt);
      if (newest === null || newest.prompt_name !== prompt) return [];
      const { id } = newest;
      const rows = await readReleaseLabels(api, id);
      const places = rows.map(
        ({ release_label: label, prompt_version_number: version }) =>
          [`${label} ${version}`, { label, id: revisionId({ id, version }) }] as const,
      );
      // Two rows of one label on one version are one place.
      return [...new Map(places).values()];
    },
    point: async (_, { label, id }) => pointLabel(api, label, placeOf(id)),
  };
}

/** Prompts on PromptLayer; release labels of its own and a companion prompt `<name>.rollout` hold the rest. */
export function promptLayerRegistry(options: PromptLayerConnection, clock: Clock): Registry {
  return vendorRegistry(promptLayerPrompts(options), clock);
}
