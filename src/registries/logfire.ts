import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import { isLabelName, isPromptName, type Registry } from "../domain/registry.ts";
import { visibleLine } from "../domain/visible.ts";
import { logfireAddress, logfireApi, type LogfireConnection } from "../http/logfire.ts";
import { gentleUpdates } from "../http/logfire-updates.ts";
import {
  followLabel,
  logfireVariables,
  shownVersions,
  variableName,
  type LogfireVariable,
  type LogfireVariables,
  type VariableUpdate,
} from "../http/logfire-variables.ts";
import { contentProblem, readVersion, valueOf, type ShownVersion } from "./logfire-content.ts";
import { isSplit, splitOf } from "./logfire-split.ts";
import { platformAddress, platformKey, platformTimeout } from "./platform-options.ts";
import { vendorRegistry } from "./vendor/vendor-registry.ts";
import type { VendorPrompts, VendorRevision } from "./vendor/vendor.ts";

/** What stands beside `kind: logfire` in the config. */
export const logfireSettings = z
  .strictObject({
    apiKey: platformKey,
    /** For results of gates: they are sent with the one, and looked for with the other. */
    writeToken: platformKey.optional(),
    readToken: platformKey.optional(),
    baseUrl: platformAddress.optional(),
    /** False where somebody else routes the traffic of Logfire's SDKs. */
    weights: z.boolean().default(true),
    singleWriter: z.boolean().default(false),
    timeout: platformTimeout.default(10_000),
  })
  .transform(({ apiKey, baseUrl, timeout, writeToken = null, readToken = null, ...rest }, context) => {
    const address = baseUrl ?? logfireAddress(apiKey);
    const tokens = { writeToken, readToken };
    if (address !== null) return { ...rest, ...tokens, key: apiKey, baseUrl: address, timeoutMs: timeout };
    const message = "expected an address, as the key names neither region us nor eu";
    context.addIssue({ code: "custom", path: ["baseUrl"], message });
    return z.NEVER;
  });

export interface LogfireRegistryOptions extends LogfireConnection {
  /** True: Logfire's own weights follow the rollout. */
  readonly weights: boolean;
  /** True where only one job at a time writes: then a server will do that removes labels an update does not name. */
  readonly singleWriter: boolean;
}

const COMPANION = ".rollout";

type Variables = ReadonlyMap<string, LogfireVariable>;

/** Why Logfire cannot have a prompt of this name; null = it can. */
export function nameProblem(prompt: string): string | null {
  if (/[._-]rollout$/i.test(prompt)) return `names with rollout at the end hold rollouts`;
  return /^promptgate[._-]probe$/i.test(prompt) ? "promptgate keeps what it found out there" : null;
}

/** Why Logfire cannot have this label; null = it can. */
export function labelProblem(label: string): string | null {
  return label === "latest" || label === "code_default" ? "it has a meaning of its own there" : null;
}

function versionsOf(variable: LogfireVariable): ShownVersion[] {
  return shownVersions(variable).map(readVersion);
}

function ownersOf(variable: LogfireVariable): string[] {
  return versionsOf(variable).flatMap(({ owner }) => owner ?? []);
}

/** The variable that holds a prompt: the one of its name, unless another prompt has that, or the prompt of that slug. */
function locate(variables: Variables, prompt: string): LogfireVariable | undefined {
  const named = variables.get(variableName(prompt));
  if (named !== undefined && ownersOf(named).every((owner) => owner === prompt)) return named;
  return [...variables.values()].find((one) => one.kind === "prompt" && one.prompt_slug === prompt);
}

/** A label's target where it is to be on a version that exists. */
function onVersion({ target: { version, serialized_value } }: ShownVersion) {
  return { target_type: "version", version, serialized_value } as const;
}

/** Labels for what would be out of sight as soon as its label or the newest version is another one. */
function missingPins(variable: LogfireVariable): VariableUpdate["labels"] {
  const unpinned = versionsOf(variable).filter(({ pin }) => !Object.hasOwn(variable.labels, pin));
  return Object.fromEntries(unpinned.map((version) => [version.pin, onVersion(version)] as const));
}

function occupied(prompt: string, name: string, what: string): GateError {
  return new GateError(
    "PROMPT_INVALID",
    `logfire: ${prompt} cannot be the variable ${name}: ${visibleLine(what, 200)}`,
    {
      hint: "use another name: on Logfire names are letters, digits and underscores",
    },
  );
}

/** Throws `PROMPT_INVALID` where a variable of this name is something else, or one differs from it only in case. */
function checkPlace(variables: Variables, prompt: string): void {
  const name = variableName(prompt);
  const twin = [...variables.keys()].find((one) => one !== name && one.toLowerCase() === name.toLowerCase());
  if (twin !== undefined) throw occupied(prompt, name, `${visibleLine(twin)} differs only in case`);
  const found = locate(variables, prompt) ?? variables.get(name);
  if (found === undefined) return;
  if (found.kind === "prompt") {
    throw occupied(
      prompt,
      visibleLine(found.name),
      "a prompt of Logfire holds its text alone, no model or schema",
    );
  }
  const other = ownersOf(found).find((owner) => owner !== prompt);
  if (other !== undefined) throw occupied(prompt, name, `that is ${visibleLine(other)}`);
  const revisions = versionsOf(found).map(({ revision }) => revision);
  if (revisions.length > 0 && revisions.every(({ messages }) => messages === null)) {
    throw occupied(prompt, name, `that holds no prompts: ${revisions.at(-1)?.problem ?? "other values"}`);
  }
}

function notShown(prompt: string, what: string): GateError {
  return new GateError("REGISTRY_FAILED", `logfire does not show ${what} of ${prompt} yet`, {
    hint: "run the command again in a minute",
    retryable: true,
  });
}

function deleted(prompt: string, id: string): GateError {
  return new GateError(
    "VERSION_NOT_FOUND",
    `logfire does not show version ${visibleLine(id, 80)} of ${prompt}`,
    {
      hint: "publish it again; versions that a label may go back to must stay, and so must the labels v…",
    },
  );
}

function versionById(variable: LogfireVariable | undefined, prompt: string, id: string): ShownVersion {
  const versions = variable === undefined ? [] : versionsOf(variable);
  const version = versions.find((one) => one.id === id);
  if (version === undefined) throw deleted(prompt, id);
  return version;
}

async function createVersion(
  logfire: LogfireVariables,
  prompt: string,
  serialized: string,
): Promise<VendorRevision> {
  const name = variableName(prompt);
  const variables = await logfire.readAll();
  checkPlace(variables, prompt);
  const known = variables.get(name);
  const { pin } = readVersion({ version: 0, serialized_value: serialized });
  const labels = { [pin]: { target_type: "version", serialized_value: serialized } } as const;
  const description = `The prompt ${prompt}, kept by promptgate`;
  if (known !== undefined || !(await logfire.create(name, description, { labels }))) {
    const pins = known === undefined ? {} : missingPins(known);
    await logfire.update(name, { labels: { ...pins, ...labels } });
  }
  const shown = await logfire.settled(name, (variable) => Object.hasOwn(variable.labels, pin));
  const version = shown === null ? null : followLabel(shown, pin);
  if (version === null) throw notShown(prompt, "the new version");
  return readVersion(version).revision;
}

/** A label that many applications resolve is routed to as soon as it exists, where nothing is routed yet. */
function firstRouting({ rollout }: LogfireVariable, label: string): Pick<VariableUpdate, "rollout"> {
  const isRouted = Object.keys(rollout.labels).length > 0;
  return label === "production" && !isRouted ? { rollout: { labels: { production: 1 } } } : {};
}

function readsOf(logfire: LogfireVariables) {
  const revisions = async (prompt: string): Promise<readonly VendorRevision[]> => {
    const variable = locate(await logfire.readAll(), prompt);
    return variable === undefined ? [] : versionsOf(variable).map(({ revision }) => revision);
  };
  return {
    async listNames(): Promise<readonly string[]> {
      const names = [...(await logfire.readAll()).values()].flatMap((variable) => {
        const slug = variable.kind === "prompt" ? (variable.prompt_slug ?? variable.name) : null;
        return ownersOf(variable)[0] ?? slug ?? [];
      });
      return [...new Set(names)].filter(isPromptName);
    },
    listRevisions: revisions,
    async pointers(prompt: string) {
      const variable = locate(await logfire.readAll(), prompt);
      if (variable === undefined) return [];
      return Object.keys(variable.labels)
        .filter(isLabelName)
        .map((label) => {
          const version = followLabel(variable, label);
          return { label, id: version === null ? "the code's default" : readVersion(version).id };
        });
    },
  };
}

/** Logfire's managed variables as prompts, one operation each. */
function logfirePrompts({ weights, singleWriter, ...connection }: LogfireRegistryOptions): VendorPrompts {
  const calls = logfireVariables(logfireApi(connection, "REGISTRY_FAILED", "apiKey"), connection);
  const logfire = { ...calls, update: gentleUpdates(calls, { singleWriter }) };
  const prompts: VendorPrompts = {
    vendor: "logfire",
    nameProblem,
    labelProblem,
    templateProblem: (messages) =>
      messages.map(({ content }) => contentProblem(content)).find((problem) => problem !== null) ?? null,
    companionOf: (prompt) => `${prompt}${COMPANION}`,
    ...readsOf(logfire),
    create: (prompt, content) => createVersion(logfire, prompt, valueOf(prompt, content)),
    async point(prompt, { label, id }) {
      const variable = locate(await logfire.readAll(), prompt);
      const version = versionById(variable, prompt, id);
      if (variable === undefined) throw deleted(prompt, id);
      const routing = weights ? firstRouting(variable, label) : {};
      const labels = { ...missingPins(variable), [label]: onVersion(version) };
      await logfire.update(variable.name, { labels, ...routing });
      await logfire.settled(
        variable.name,
        (shown) => followLabel(shown, label)?.version === version.target.version,
      );
    },
  };
  if (!weights) return prompts;
  return {
    ...prompts,
    async mirrorRelease(release, revisions) {
      const variable = locate(await logfire.readAll(), release.prompt);
      if (variable === undefined) throw deleted(release.prompt, release.stable);
      const idOf = (version: string): string => revisions.get(version)?.id ?? version;
      const update = splitOf(
        release,
        variable,
        (version) => versionById(variable, release.prompt, idOf(version)).target,
      );
      if (isSplit(variable, update)) return;
      await logfire.update(variable.name, {
        ...update,
        labels: { ...missingPins(variable), ...update.labels },
      });
      const shown = await logfire.settled(variable.name, (found) => isSplit(found, update));
      if (shown === null) throw notShown(release.prompt, "the weights");
    },
  };
}

/** Prompts in managed variables of Logfire; labels and weights of its own, and a variable `<name>_rollout` for the rest. */
export function logfireRegistry(options: LogfireRegistryOptions, clock: Clock): Registry {
  return vendorRegistry(logfirePrompts(options), clock);
}
