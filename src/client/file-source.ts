import { isLabelName, isPromptName } from "../domain/registry.ts";
import { parseVersion } from "../domain/version.ts";
import type { ReleaseSource } from "./source.ts";

const NUMBERED = /^\d{6,15}\.json$/;

interface Move {
  readonly label: unknown;
  readonly to: unknown;
}

function missing(error: unknown): null {
  const { code } = error as { readonly code?: string };
  if (code === "ENOENT" || code === "ENOTDIR") return null;
  throw error;
}

/**
 * A `file` registry in a folder, e.g. a checkout of its branch: `path` holds one folder a prompt. Files are read only, and
 * `node:fs` is loaded with the first read.
 */
export function fileSource(path: string): ReleaseSource {
  async function readJson(signal: AbortSignal, ...names: readonly string[]): Promise<unknown> {
    const { readFile } = await import("node:fs/promises");
    const text = await readFile([path, ...names].join("/"), { encoding: "utf8", signal }).catch(missing);
    return text === null ? null : JSON.parse(text);
  }

  /** The numbered documents in a folder, newest first; the numbers are padded so that they sort as text. */
  async function newestFirst(...names: readonly string[]): Promise<string[]> {
    const { readdir } = await import("node:fs/promises");
    const found = (await readdir([path, ...names].join("/")).catch(missing)) ?? [];
    return found
      .filter((name) => NUMBERED.test(name))
      .sort((left, right) => Number.parseInt(right, 10) - Number.parseInt(left, 10));
  }

  /** Labels are where their last move left them. */
  async function labelled(prompt: string, label: string, signal: AbortSignal): Promise<unknown> {
    for (const name of await newestFirst(prompt, "moves")) {
      const move = (await readJson(signal, prompt, "moves", name)) as Move | null;
      if (move?.label === label) return move.to;
    }
    return null;
  }

  return {
    async readRelease(prompt, signal) {
      if (!isPromptName(prompt)) return null;
      const [newest] = await newestFirst(prompt, "releases");
      if (newest === undefined) return readJson(signal, prompt, "release.json");
      const write = (await readJson(signal, prompt, "releases", newest)) as { release?: unknown } | null;
      // A file that is no write is no release either, which is for the client to refuse.
      return write?.release;
    },
    async readVersion(prompt, reference, signal) {
      if (!isPromptName(prompt)) return null;
      let version: unknown = null;
      if (reference.kind === "version") ({ version } = reference);
      if (reference.kind === "label" && isLabelName(reference.label)) {
        version = await labelled(prompt, reference.label, signal);
      }
      if (typeof version !== "string" || parseVersion(version) === null) return null;
      return readJson(signal, prompt, "versions", `${version}.json`);
    },
  };
}
