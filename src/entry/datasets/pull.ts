import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { datasetTitle, type PullCases, type PulledCases } from "../../config/pulled-cases.ts";
import { pathInside } from "../../config/text-file.ts";
import { GateError } from "../../domain/errors.ts";
import { stableId, type DatasetReference, type PlatformDataset } from "../../domain/platform.ts";
import { visibleLine } from "../../domain/visible.ts";
import { replaceFile } from "../../files/replace-file.ts";
import { storageError } from "../../files/storage.ts";
import type { CommandContext } from "../context.ts";
import { openPlatformOf, type PlatformSettings } from "../platforms.ts";
import { writtenCase } from "./item-case.ts";

/** Where pulled cases are kept, relative to the project. */
const FOLDER = ".promptgate/datasets";
const MOST_ITEMS = 50_000;
const MOST_BYTES = 64_000_000;

interface Line {
  readonly id: string;
  readonly text: string;
}

function tooLarge(title: string, limit: string): GateError {
  return new GateError("DATASET_INVALID", `${title} is too large: it has more than ${limit}`, {
    hint: "take a part of it as a dataset of its own",
  });
}

/** Items as lines, each id once: rows that arrive while pages are read may push others from one page to the next. */
async function linesOf(title: string, { items }: PlatformDataset, signal: AbortSignal): Promise<Line[]> {
  const lines = new Map<string, Line>();
  let bytes = 0;
  for await (const item of items) {
    signal.throwIfAborted();
    const text = JSON.stringify(writtenCase(item));
    const known = lines.get(item.id);
    if (known?.text === text) continue;
    if (known !== undefined) {
      const id = visibleLine(item.id, 60);
      throw new GateError("DATASET_INVALID", `${title}: item "${id}" changed while it was read`, {
        hint: "run the command again",
        retryable: true,
      });
    }
    lines.set(item.id, { id: item.id, text });
    bytes += Buffer.byteLength(text) + 1;
    if (lines.size > MOST_ITEMS) throw tooLarge(title, `${MOST_ITEMS.toLocaleString("en-US")} items`);
    if (bytes > MOST_BYTES) throw tooLarge(title, `${MOST_BYTES / 1e6} MB`);
  }
  // The order of a listing is no part of a dataset.
  return [...lines.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** Makes the folder for pulled cases; throws `STORAGE_FAILED` when a link in the checkout leads out of the project. */
async function checkFolder(root: string): Promise<void> {
  try {
    await mkdir(join(root, FOLDER), { recursive: true });
  } catch (error) {
    throw storageError("create", FOLDER, error);
  }
  const located = await pathInside(root, FOLDER);
  if (located.kind === "inside") return;
  throw new GateError("STORAGE_FAILED", `${FOLDER} ${located.reason}`, {
    hint: "remove the link: pulled cases are kept inside of the project",
  });
}

async function keep(root: string, { from, name }: DatasetReference, text: string): Promise<string> {
  const readable = name.replaceAll(/[^A-Za-z0-9_-]+/g, "-").slice(0, 40);
  // Named by its contents: two commands at once do not change each other's cases.
  await checkFolder(root);
  const file = `${FOLDER}/${from}-${readable}-${stableId(16, text)}.jsonl`;
  try {
    await replaceFile(join(root, file), text);
  } catch (error) {
    throw storageError("write", file, error);
  }
  return file;
}

/** Fetches cases from platforms into files of the project; the same dataset once in a command. */
export function pullFrom(
  context: Pick<CommandContext, "environment" | "signal" | "clock">,
  settings?: PlatformSettings,
): PullCases {
  const pulled = new Map<string, Promise<PulledCases>>();

  async function pull(reference: DatasetReference, place: Parameters<PullCases>[1]): Promise<PulledCases> {
    const { from, name, version } = reference;
    const platform = await openPlatformOf(settings ?? { ...place, ...place.config }, from, context);
    if (platform.datasets.kind === "lacking") {
      throw new GateError("CONFIG_INVALID", `dataset: ${from} has ${platform.datasets.reason}`, {
        hint: "keep the cases in a file",
      });
    }
    const title = datasetTitle(reference);
    const pin = version === undefined ? { name } : { name, version };
    const opened = await platform.datasets.open(pin, context.signal);
    const lines = await linesOf(title, opened, context.signal);
    const file = await keep(place.root, reference, lines.map(({ text }) => `${text}\n`).join(""));
    return { file, ids: lines.map(({ id }) => id), state: opened.version };
  }

  return (reference, place) => {
    const key = JSON.stringify([reference.from, reference.name, reference.version ?? null]);
    const known = pulled.get(key) ?? pull(reference, place);
    pulled.set(key, known);
    return known;
  };
}
