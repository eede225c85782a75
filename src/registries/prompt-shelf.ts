import pLimit from "p-limit";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import type {
  Label,
  LabelMove,
  MoveLabelRequest,
  Page,
  PageRequest,
  PromptVersion,
  VersionReference,
} from "../domain/registry.ts";
import type { WriteReleaseRequest } from "../domain/release.ts";
import { visibleLine } from "../domain/visible.ts";
import type { FileTree } from "../files/tree.ts";
import { labelMoves, type LabelMoves } from "./label-moves.ts";
import { byName, pageKeys } from "../domain/paging.ts";
import { listings } from "./paging.ts";
import { parseMoveDocument, renderMoveDocument } from "./stored-documents.ts";
import { releases, releaseVersions, type Releases } from "./releases.ts";
import { storedVersions, type StoredVersions } from "./stored-versions.ts";

/** What the registry holds of one prompt. */
export interface Shelf {
  readonly versions: StoredVersions;
  readonly moves: LabelMoves;
  readonly releases: Releases;
}

const FILES_AT_ONCE = 32;
/** Each lost attempt is another writer's success; so many in a row are no race any more. */
const MOVE_ATTEMPTS = 200;

export function promptShelf(tree: FileTree, prompt: string): Shelf {
  return {
    versions: storedVersions(tree, `${prompt}/versions`, prompt),
    moves: labelMoves(tree, `${prompt}/moves`),
    releases: releases(tree, prompt),
  };
}

export async function shelfVersions({ versions }: Shelf, page: PageRequest): Promise<Page<PromptVersion>> {
  const { keys, next } = pageKeys(await versions.numbers(), page, listings.versions);
  return { items: await pLimit(FILES_AT_ONCE).map(keys, (key) => versions.readExisting(key)), next };
}

export async function shelfLabels({ moves }: Shelf): Promise<Label[]> {
  const { labels } = await moves.read();
  return [...labels.values()].sort((left, right) => byName(left.name, right.name));
}

export async function shelfHistory({ moves }: Shelf, page: PageRequest): Promise<Page<LabelMove>> {
  const state = await moves.read();
  const sequences = state.moves.map((move) => String(move.sequence)).reverse();
  const { keys, next } = pageKeys(sequences, page, listings.moves);
  return { items: keys.flatMap((key) => state.moves[Number(key) - 1] ?? []), next };
}

export async function resolveReference(
  { versions, moves }: Shelf,
  reference: VersionReference,
): Promise<PromptVersion | null> {
  switch (reference.kind) {
    case "version":
      return versions.read(reference.version);
    case "label": {
      const label = (await moves.read()).labels.get(reference.label);
      return label === undefined ? null : versions.readExisting(label.version);
    }
    case "latest": {
      const latest = (await versions.numbers())[0];
      return latest === undefined ? null : versions.readExisting(latest);
    }
  }
}

function conflict({ prompt, label, expected }: MoveLabelRequest, from: string | null): GateError {
  const where = from === null ? "does not exist" : `points at ${from}`;
  const seen =
    expected === null ? "it was expected to be new" : `it was expected at ${visibleLine(expected)}`;
  return new GateError("REGISTRY_CONFLICT", `label ${label} of ${prompt} ${where}, ${seen}`, {
    hint: "somebody moved it meanwhile: look at `promptgate status` and decide again",
  });
}

/** The move that a request asks for; throws `USAGE` when it could not be stored. */
export function moveOf(request: MoveLabelRequest, sequence: number, at: string): LabelMove {
  const { label, expected, to, by, reason, description } = request;
  const described = description === undefined ? {} : { description };
  const move: LabelMove = { sequence, label, from: expected, to, at, by, reason, ...described };
  const parsed = parseMoveDocument(renderMoveDocument(move));
  if (parsed.kind === "value") return parsed.value;
  throw new GateError("USAGE", `this move of label ${label} cannot be stored: ${parsed.reason}`);
}

export function versionNotFound(prompt: string, version: string): GateError {
  return new GateError("VERSION_NOT_FOUND", `${prompt}@${version} is not in the registry`, {
    hint: `store it first: promptgate publish ${prompt}`,
  });
}

/** Compare-and-swap without a lock: only one writer can create the next number, and the others look again. */
export async function moveOnShelf(
  { versions, moves }: Shelf,
  request: MoveLabelRequest,
  clock: Clock,
): Promise<LabelMove | null> {
  if ((await versions.read(request.to)) === null) throw versionNotFound(request.prompt, request.to);
  for (let attempt = 0; attempt < MOVE_ATTEMPTS; attempt++) {
    const state = await moves.read();
    const from = state.labels.get(request.label)?.version ?? null;
    if (from === request.to) return null;
    if (from !== request.expected) throw conflict(request, from);
    const move = moveOf(request, state.moves.length + 1, new Date(clock.now()).toISOString());
    if (await moves.append(move)) return move;
  }
  throw new GateError("REGISTRY_CONFLICT", `other writers kept moving the labels of ${request.prompt}`, {
    hint: "run the command again",
    retryable: true,
  });
}

export async function writeShelfRelease(
  { versions, releases: stored }: Shelf,
  request: WriteReleaseRequest,
): Promise<void> {
  for (const version of releaseVersions(request.document)) {
    if ((await versions.read(version)) === null) throw versionNotFound(request.document.prompt, version);
  }
  return stored.write(request);
}
