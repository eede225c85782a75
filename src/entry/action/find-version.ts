import { GateError } from "../../domain/errors.ts";
import type { PromptVersion, Registry } from "../../domain/registry.ts";
import { parseVersion } from "../../domain/version.ts";
import { visibleLine } from "../../domain/visible.ts";
import { publishedVersion } from "../promotion/version-reference.ts";
import { allPages } from "../registry/known-prompts.ts";

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * A published version by its number or its digest, which an earlier job handed on. Two numbers of one digest are the same
 * behaviour: the newest counts. Throws `USAGE` and `VERSION_NOT_FOUND`.
 */
export async function findVersion(registry: Registry, prompt: string, text: string): Promise<PromptVersion> {
  if (parseVersion(text) !== null) return publishedVersion(registry, prompt, text);
  if (!DIGEST.test(text)) {
    throw new GateError(
      "USAGE",
      `input version: expected MAJOR.MINOR.PATCH or sha256:…, got "${visibleLine(text, 80)}"`,
    );
  }
  const versions = await allPages((page) => registry.listVersions(prompt, page));
  const found = versions.find(({ digest }) => digest === text);
  if (found !== undefined) return found;
  throw new GateError("VERSION_NOT_FOUND", `no version of ${prompt} in the registry has the digest ${text}`, {
    hint: "the version that was checked is not the one that is published: run the workflow again",
  });
}
