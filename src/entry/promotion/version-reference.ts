import { GateError } from "../../domain/errors.ts";
import type { PromptVersion, Registry } from "../../domain/registry.ts";
import { parseVersion } from "../../domain/version.ts";
import { visibleLine } from "../../domain/visible.ts";

/** `PROMPT@VERSION` as the user typed it. Throws `USAGE`. */
export function parseVersionReference(text: string): { readonly prompt: string; readonly version: string } {
  const at = text.lastIndexOf("@");
  const prompt = text.slice(0, Math.max(0, at));
  const version = text.slice(at + 1);
  if (prompt !== "" && parseVersion(version) !== null) return { prompt, version };
  throw new GateError("USAGE", `expected PROMPT@MAJOR.MINOR.PATCH, got "${visibleLine(text, 120)}"`, {
    hint: "e.g. customer-support@2.4.0; promptgate status lists prompts and versions",
  });
}

/** A published version. Throws `VERSION_NOT_FOUND`. */
export async function publishedVersion(
  registry: Registry,
  prompt: string,
  version: string,
): Promise<PromptVersion> {
  const found = await registry.readVersion(prompt, { kind: "version", version });
  if (found !== null) return found;
  throw new GateError("VERSION_NOT_FOUND", `${prompt}@${version} is not in the registry`, {
    hint: `promptgate status ${prompt} lists what there is; promptgate publish ${prompt} stores the prompt file`,
  });
}
