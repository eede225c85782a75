import { GateError } from "../domain/errors.ts";
import type { PromptTemplate } from "../domain/prompt.ts";
import { FULL_WEIGHT, type ReleaseCandidate, type ReleaseDocument } from "../domain/release.ts";
import { isSalt } from "../rollout/bucketing.ts";

/** A version as the client keeps it: checked, copied and frozen. */
export interface LoadedVersion {
  readonly name: string;
  readonly version: string;
  readonly template: PromptTemplate;
}

/** A release document that names a stable version and a generation; its shares may still be anything. */
export type Release = Pick<ReleaseDocument, "stable" | "generation" | "candidate" | "holdback">;

type Unknown<Shape> = { readonly [Key in keyof Shape]?: unknown } | null | undefined;

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new GateError("REGISTRY_CORRUPT", `${what} is none of a registry`);
}

/** Whether a share of units can be trusted; the salt must be one, or `bucket` throws. */
export function isShare({ version, weight, salt, hashVersion = 1 }: Partial<ReleaseCandidate>): boolean {
  const inRange = Number.isInteger(weight) && weight! >= 0 && weight! <= FULL_WEIGHT;
  return (
    inRange && hashVersion === 1 && typeof version === "string" && typeof salt === "string" && isSalt(salt)
  );
}

/** Reads a release document. Throws `REGISTRY_CORRUPT` when it does not even name a stable version of this prompt. */
export function parseRelease(value: unknown, prompt: string): Release {
  const document = value as Unknown<ReleaseDocument>;
  check(
    document?.schema === "promptgate/release@1" &&
      document.prompt === prompt &&
      typeof document.stable === "string" &&
      Number.isInteger(document.generation),
    "the release",
  );
  return document as Release;
}

function freeze(value: unknown): void {
  if (typeof value === "object" && value) Object.values(Object.freeze(value)).forEach(freeze);
}

/**
 * Reads a stored version; `expected` undefined takes any. The result is a copy that nobody can change, as all callers
 * share it. Throws `REGISTRY_CORRUPT` when it is another one or none at all.
 */
export function parseLoaded(value: unknown, prompt: string, expected?: string): LoadedVersion {
  const { name, version, template } = (value ?? {}) as Partial<LoadedVersion>;
  check(
    name === prompt &&
      typeof version === "string" &&
      version === (expected ?? version) &&
      Array.isArray(template?.messages) &&
      template.messages.every((message) => typeof message?.content === "string"),
    "a version",
  );
  // Through JSON, so that it is data and nothing else.
  const loaded = JSON.parse(JSON.stringify({ name, version, template })) as LoadedVersion;
  freeze(loaded);
  return loaded;
}
