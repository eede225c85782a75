import pLimit from "p-limit";
import { GateError } from "../domain/errors.ts";
import type { LedgerEntry } from "../domain/ledger.ts";
import { byName, pageKeys, type Listing } from "../domain/paging.ts";
import type { Page, PageRequest } from "../domain/registry.ts";
import type { FileTree } from "../files/tree.ts";
import { corruptStore, readStored, visibleNames } from "./corrupt.ts";
import { parseLedgerEntry, renderLedgerEntry } from "./ledger-entry.ts";
import { folderName, textOfFolder } from "./names.ts";

const FOLDER = "ledger";
const FILES_AT_ONCE = 32;
const NAME = /^(\d{8}T\d{6}\.\d{3}Z)-(\d{9})-([0-9a-f]{64})\.json$/;

/** Time, then the order in which a prompt's entries were appended: names sort like what happened. */
function fileName({ at, id }: LedgerEntry, sequence: number): string {
  const time = new Date(at).toISOString().replace(/[-:]/g, "");
  return `${time}-${String(sequence).padStart(9, "0")}-${id}.json`;
}

const listing: Listing = {
  name: "ledger",
  isKey(text) {
    const [name = "", folder = "", ...rest] = text.split("/");
    return NAME.test(name) && textOfFolder(folder) !== null && rest.length === 0;
  },
  compare: (left, right) => byName(right, left),
};

interface Stored {
  readonly name: string;
  readonly sequence: number;
  readonly id: string;
}

async function storedEntries(tree: FileTree, folder: string): Promise<Stored[]> {
  return (await visibleNames(tree, folder)).map((name) => {
    const [, , sequence, id] = NAME.exec(name) ?? [];
    if (sequence === undefined || id === undefined) {
      throw corruptStore(tree, `${folder}/${name}`, "it is no entry of the ledger");
    }
    return { name, sequence: Number(sequence), id };
  });
}

/** Two writers of one event may both have written it: the older file counts. */
function withoutRepeats(entries: readonly Stored[]): Stored[] {
  const seen = new Set<string>();
  return entries
    .toSorted((left, right) => byName(left.name, right.name))
    .filter(({ id }) => !seen.has(id) && seen.add(id));
}

async function readEntry(tree: FileTree, prompt: string, name: string): Promise<LedgerEntry> {
  const path = `${FOLDER}/${folderName(prompt)}/${name}`;
  const text = await readStored(tree, path);
  if (text === null) throw corruptStore(tree, path, "it vanished");
  const parsed = parseLedgerEntry(text);
  if (parsed.kind === "invalid") throw corruptStore(tree, path, parsed.reason);
  const { value } = parsed;
  if (value.prompt === prompt && fileName(value, Number(NAME.exec(name)?.[2])) === name) return value;
  throw corruptStore(tree, path, `it holds entry ${value.id} of ${value.prompt} at ${value.at}`);
}

async function promptsOf(tree: FileTree): Promise<string[]> {
  return (await visibleNames(tree, FOLDER)).map((name) => {
    const prompt = textOfFolder(name);
    if (prompt === null) throw corruptStore(tree, `${FOLDER}/${name}`, "it is no ledger of a prompt");
    return prompt;
  });
}

/** See `Store.append`. One file an entry, created once: `ledger/<prompt>/<time>-<sequence>-<id>.json`. */
export async function appendToLedger(tree: FileTree, entry: LedgerEntry): Promise<void> {
  const text = renderLedgerEntry(entry);
  const parsed = parseLedgerEntry(text);
  if (parsed.kind === "invalid") throw new GateError("USAGE", `no entry of the ledger: ${parsed.reason}`);
  const folder = `${FOLDER}/${folderName(entry.prompt)}`;
  const stored = await storedEntries(tree, folder);
  if (stored.some(({ id }) => id === entry.id)) return;
  const last = stored.reduce((highest, { sequence }) => Math.max(highest, sequence), 0);
  // A name that is taken holds the id, and so this very event.
  await tree.createOnce(`${folder}/${fileName(entry, last + 1)}`, text);
}

/** See `Store.ledger`. */
export async function readLedger(
  tree: FileTree,
  prompt: string | null,
  page: PageRequest,
): Promise<Page<LedgerEntry>> {
  const prompts = prompt === null ? await promptsOf(tree) : [prompt];
  const keys = await pLimit(FILES_AT_ONCE).map(prompts, async (name) => {
    const entries = withoutRepeats(await storedEntries(tree, `${FOLDER}/${folderName(name)}`));
    return entries.map((entry) => `${entry.name}/${folderName(name)}`);
  });
  const found = pageKeys(keys.flat().sort(listing.compare), page, listing);
  const items = await pLimit(FILES_AT_ONCE).map(found.keys, (key) => {
    const [name = "", folder = ""] = key.split("/");
    return readEntry(tree, textOfFolder(folder) ?? "", name);
  });
  return { items, next: found.next };
}
