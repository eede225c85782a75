import pLimit from "p-limit";
import { resolve } from "node:path";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import { isPromptName, type Registry } from "../domain/registry.ts";
import { visibleLine } from "../domain/visible.ts";
import { listFolder } from "./read-document.ts";
import { checkLabelName, checkPromptName, checkReference, checkVersionNumber } from "./names.ts";
import { byName, pageKeys } from "../domain/paging.ts";
import { listings } from "./paging.ts";
import { checkRelease } from "./releases.ts";
import {
  moveOnShelf,
  promptShelf,
  resolveReference,
  shelfHistory,
  shelfLabels,
  shelfVersions,
  versionNotFound,
  writeShelfRelease,
  type Shelf,
} from "./prompt-shelf.ts";

export interface FileRegistryOptions {
  /** Absolute path of the project. */
  readonly root: string;
  /** The registry's folder, relative to the project. */
  readonly path: string;
  readonly clock: Clock;
}

const FOLDERS_AT_ONCE = 32;
const emptyPage = { items: [], next: null };

function checkNameIsFree(prompt: string, folders: readonly string[]): void {
  const twin = folders.find((name) => name !== prompt && name.toLowerCase() === prompt.toLowerCase());
  if (twin === undefined) return;
  throw new GateError("PROMPT_INVALID", `prompt ${prompt} differs only in case from ${visibleLine(twin)}`, {
    hint: "many file systems hold only one of the two: choose another name",
  });
}

/**
 * A registry in a folder, made to be committed: `<prompt>/versions/<version>.json` and `<prompt>/moves/<number>.json`,
 * each created once and never changed. There is no lock that a dead process could leave behind.
 */
export function fileRegistry({ root, path, clock }: FileRegistryOptions): Registry {
  const base = resolve(root, path);
  const shelves = new Map<string, Shelf>();

  function shelfOf(prompt: string): Shelf {
    const shelf = shelves.get(prompt) ?? promptShelf(base, prompt);
    shelves.set(prompt, shelf);
    return shelf;
  }

  /** Looks for the folder by its exact name: some file systems would find `Support` under `support`. */
  async function findShelf(prompt: string): Promise<Shelf | null> {
    checkPromptName(prompt);
    return (await listFolder(base, "folder")).includes(prompt) ? shelfOf(prompt) : null;
  }

  return {
    async listPrompts(page = {}) {
      const names = (await listFolder(base, "folder")).filter(isPromptName).sort(byName);
      const published = await pLimit(FOLDERS_AT_ONCE).map(names, async (name) =>
        (await shelfOf(name).versions.numbers()).length > 0 ? [name] : [],
      );
      const { keys, next } = pageKeys(published.flat(), page, listings.prompts);
      return { items: keys, next };
    },
    async listVersions(prompt, page = {}) {
      const shelf = await findShelf(prompt);
      return shelf === null ? emptyPage : shelfVersions(shelf, page);
    },
    async listLabels(prompt) {
      const shelf = await findShelf(prompt);
      return shelf === null ? [] : shelfLabels(shelf);
    },
    async readVersion(prompt, reference) {
      checkReference(reference);
      const shelf = await findShelf(prompt);
      return shelf === null ? null : resolveReference(shelf, reference);
    },
    async publish(version) {
      checkPromptName(version.name);
      checkVersionNumber(version.version);
      checkNameIsFree(version.name, await listFolder(base, "folder"));
      return shelfOf(version.name).versions.create(version);
    },
    async moveLabel(request) {
      checkLabelName(request.label);
      checkVersionNumber(request.to);
      const shelf = await findShelf(request.prompt);
      if (shelf === null) throw versionNotFound(request.prompt, request.to);
      return moveOnShelf(shelf, request, clock);
    },
    async history(prompt, page = {}) {
      const shelf = await findShelf(prompt);
      return shelf === null ? emptyPage : shelfHistory(shelf, page);
    },
    async readRelease(prompt) {
      const shelf = await findShelf(prompt);
      return shelf === null ? null : shelf.releases.read();
    },
    async writeRelease(request) {
      const { prompt, stable } = request.document;
      const shelf = await findShelf(prompt);
      checkRelease(request);
      if (shelf === null) throw versionNotFound(prompt, stable);
      return writeShelfRelease(shelf, request);
    },
  };
}
