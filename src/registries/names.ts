import { GateError } from "../domain/errors.ts";
import { isLabelName, isPromptName, type VersionReference } from "../domain/registry.ts";
import { parseVersion } from "../domain/version.ts";
import { visibleLine } from "../domain/visible.ts";

/** Throws `USAGE` unless the text may name a prompt, and so a folder. */
export function checkPromptName(text: string): void {
  if (isPromptName(text)) return;
  throw new GateError("USAGE", `"${visibleLine(text)}" cannot name a prompt`, {
    hint: "use letters, digits, - _ and . (no ..), starting and ending with a letter or digit, at most 128",
  });
}

export function checkLabelName(text: string): void {
  if (isLabelName(text)) return;
  throw new GateError("USAGE", `"${visibleLine(text)}" cannot name a label`, {
    hint: "use lowercase letters, digits, - and _, starting and ending with a letter or digit, at most 64",
  });
}

export function checkVersionNumber(text: string): void {
  if (parseVersion(text) !== null) return;
  throw new GateError("USAGE", `"${visibleLine(text)}" is no version`, {
    hint: "write it as MAJOR.MINOR.PATCH",
  });
}

export function checkReference(reference: VersionReference): void {
  if (reference.kind === "version") checkVersionNumber(reference.version);
  if (reference.kind === "label") checkLabelName(reference.label);
}
