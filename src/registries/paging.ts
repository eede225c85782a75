import { byName, type Listing } from "../domain/paging.ts";
import { isPromptName } from "../domain/registry.ts";
import { compareVersions, parseVersion } from "../domain/version.ts";

/** The listings of a registry and their orders. */
export const listings = {
  prompts: { name: "prompts", isKey: isPromptName, compare: byName },
  versions: {
    name: "versions",
    isKey: (text) => parseVersion(text) !== null,
    compare: (left, right) => compareVersions(right, left),
  },
  moves: {
    name: "moves",
    isKey: (text) => /^[1-9]\d{0,14}$/.test(text),
    compare: (left, right) => Number(right) - Number(left),
  },
} as const satisfies Record<string, Listing>;
