import pLimit from "p-limit";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import { isPromptName, type Registry } from "../domain/registry.ts";
import { visibleLine } from "../domain/visible.ts";
import type { FileTree } from "../files/tree.ts";
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

const FOLDERS_AT_ONCE = 32;
const emptyPage = { items: [], next: null };

function checkNameIsFree(prompt: string, folders: readonly string[]): void {
  const twin = folders.find((name) => name !== prompt && name.toLowerCase() === prompt.toLowerCase());
  if (twin === undefined) return;
  throw new GateError("PROMPT_INVALID", `prompt ${prompt} differs only in case from ${visibleLine(twin)}`, {
    hint: "many file systems hold only one of the two: choose another name",
  });
}

/** Keeps the shelves that it opened, so that what they read once need not be read again. */
function shelfRoom(tree: FileTree) {
  const shelves = new Map<string, Shelf>();

  function shelfOf(prompt: string): Shelf {
    const shelf = shelves.get(prompt) ?? promptShelf(tree, prompt);
    shelves.set(prompt, shelf);
    return shelf;
  }

  return {
    shelfOf,
    /** Looks for the folder by its exact name: some file systems would find `Support` under `support`. */
    async findShelf(prompt: string): Promise<Shelf | null> {
      checkPromptName(prompt);
      return (await tree.list("", "folder")).includes(prompt) ? shelfOf(prompt) : null;
    },
  };
}

/**
 * A registry in a tree of files: `<prompt>/versions/<version>.json`, `<prompt>/moves/<number>.json` and
 * `<prompt>/releases/<generation>.json`, each created once and never changed, and `<prompt>/release.json`, a copy of the
 * newest release. There is no lock that a dead process could leave behind.
 */
export function treeRegistry(tree: FileTree, clock: Clock): Registry {
  const { shelfOf, findShelf } = shelfRoom(tree);

  return {
    async listPrompts(page = {}) {
      const names = (await tree.list("", "folder")).filter(isPromptName).sort(byName);
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
      checkNameIsFree(version.name, await tree.list("", "folder"));
      return shelfOf(version.name).versions.create(version);
    },
    async moveLabel(request) {
      checkLabelName(request.label);
      checkVersionNumber(request.to);
      // "It is there already" and "it is elsewhere" count only on the newest state.
      await tree.renew();
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
      checkPromptName(prompt);
      checkRelease(request);
      // "It is there already" and "it is elsewhere" count only on the newest state.
      await tree.renew();
      const shelf = await findShelf(prompt);
      if (shelf === null) throw versionNotFound(prompt, stable);
      return writeShelfRelease(shelf, request);
    },
  };
}
