import { GateError } from "../domain/errors.ts";
import type { PromptTemplate } from "../domain/prompt.ts";
import { FULL_WEIGHT, type ReleaseCandidate, type ReleaseHoldback } from "../domain/release.ts";
import { parseVersion } from "../domain/version.ts";
import { isSalt } from "../rollout/bucketing.ts";

type Json = Readonly<Record<string, unknown>>;

/** A version as the client keeps it: checked, copied and frozen. */
export interface LoadedVersion {
  readonly name: string;
  readonly version: string;
  readonly template: PromptTemplate;
}

/** A release document; a share that cannot be trusted is "invalid" and nobody's. */
export interface Release {
  readonly prompt: string;
  readonly stable: string;
  readonly candidate: ReleaseCandidate | "invalid" | null;
  readonly holdback: ReleaseHoldback | "invalid" | null;
  readonly generation: number;
  /** As it was read, for other processes. */
  readonly document: unknown;
}

const ROLES = ["system", "developer", "user", "assistant"];
const FORMATS = ["text", "json_object", "json_schema"];

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isVersion(value: unknown): value is string {
  return typeof value === "string" && parseVersion(value) !== null;
}

/** The error of a document that is none of ours; `what` is the client's own words. */
export function invalid(what: string): GateError {
  return new GateError("REGISTRY_CORRUPT", `${what} is not what a registry writes`);
}

function share(value: unknown, hashVersion?: number): ReleaseCandidate | "invalid" | null {
  if (value === null || value === undefined) return null;
  const usable =
    isObject(value) &&
    isVersion(value["version"]) &&
    Number.isInteger(value["weight"]) &&
    Number(value["weight"]) >= 0 &&
    Number(value["weight"]) <= FULL_WEIGHT &&
    typeof value["salt"] === "string" &&
    isSalt(value["salt"]) &&
    value["hashVersion"] === hashVersion;
  return usable ? (value as unknown as ReleaseCandidate) : "invalid";
}

/** Reads a release document. Throws `REGISTRY_CORRUPT` when it does not even name a stable version of this prompt. */
export function parseRelease(document: unknown, prompt: string): Release {
  if (
    !isObject(document) ||
    document["schema"] !== "promptgate/release@1" ||
    document["prompt"] !== prompt ||
    !isVersion(document["stable"]) ||
    !Number.isSafeInteger(document["generation"]) ||
    Number(document["generation"]) < 1
  ) {
    throw invalid("the release document");
  }
  return {
    prompt,
    stable: document["stable"],
    candidate: share(document["candidate"], 1),
    holdback: share(document["holdback"]),
    generation: Number(document["generation"]),
    document,
  };
}

/** Whether a value has every part of a template, each of its kind. */
export function isTemplate(template: unknown): template is Json {
  return (
    isObject(template) &&
    Array.isArray(template["messages"]) &&
    template["messages"].every(
      (message) =>
        isObject(message) &&
        ROLES.includes(message["role"] as string) &&
        typeof message["content"] === "string",
    ) &&
    typeof template["model"] === "string" &&
    isObject(template["modelParameters"]) &&
    FORMATS.includes(template["responseFormat"] as string) &&
    Array.isArray(template["tools"])
  );
}

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
}

/** A template of its own that nobody can change: it is served to every caller. */
export function ownTemplate({
  messages,
  model,
  modelParameters,
  responseFormat,
  jsonSchema,
  tools,
}: Json): PromptTemplate {
  const known = { messages, model, modelParameters, responseFormat, tools };
  const copy: unknown = structuredClone(jsonSchema === undefined ? known : { ...known, jsonSchema });
  return freeze(copy as PromptTemplate);
}

/** Reads a stored version; `expected` null takes any. Throws `REGISTRY_CORRUPT` when it is another or none at all. */
export function parseLoaded(value: unknown, prompt: string, expected: string | null): LoadedVersion {
  if (
    !isObject(value) ||
    value["name"] !== prompt ||
    !isVersion(value["version"]) ||
    (expected !== null && value["version"] !== expected) ||
    !isTemplate(value["template"])
  ) {
    throw invalid(expected === null ? "a version" : `version ${expected}`);
  }
  return { name: prompt, version: value["version"], template: ownTemplate(value["template"]) };
}
