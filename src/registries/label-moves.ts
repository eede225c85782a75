import pLimit from "p-limit";
import type { Label, LabelMove } from "../domain/registry.ts";
import type { FileTree } from "../files/tree.ts";
import { latestNumber, numberedFile } from "./numbered-files.ts";
import { corruptFile, readDocument } from "./read-document.ts";
import { parseMoveDocument, renderMoveDocument } from "./stored-documents.ts";

const FILES_AT_ONCE = 32;

/** Every move of one prompt's labels, and where they left the labels. Labels are the fold of the moves, nothing else. */
interface LabelState {
  /** Oldest first; `moves[i].sequence` is `i + 1`. */
  readonly moves: readonly LabelMove[];
  readonly labels: ReadonlyMap<string, Label>;
}

export interface LabelMoves {
  read(): Promise<LabelState>;
  /** Appends a move that was decided on the state before it; false when another writer took its place first. */
  append(move: LabelMove): Promise<boolean>;
}

interface Folder {
  readonly tree: FileTree;
  readonly path: string;
}

const nothing: LabelState = { moves: [], labels: new Map() };

async function readMove({ tree, path: folder }: Folder, sequence: number): Promise<LabelMove> {
  const file = numberedFile(folder, sequence);
  const move = await readDocument(tree, file, parseMoveDocument);
  if (move === null) throw corruptFile(tree, file, "it is missing while later moves exist");
  if (move.sequence !== sequence) throw corruptFile(tree, file, `it holds move ${move.sequence}`);
  return move;
}

function afterMove(label: Label | undefined, move: LabelMove): Label {
  const description = move.description ?? label?.description;
  return {
    name: move.label,
    version: move.to,
    ...(description === undefined ? {} : { description }),
    since: move.at,
    by: move.by,
  };
}

function extend(state: LabelState, added: readonly LabelMove[], folder: Folder): LabelState {
  const labels = new Map(state.labels);
  for (const move of added) {
    const label = labels.get(move.label);
    if ((label?.version ?? null) !== move.from) {
      const origin = move.from ?? "nowhere";
      throw corruptFile(
        folder.tree,
        numberedFile(folder.path, move.sequence),
        `it moves ${move.label} from ${origin}, but the moves before it left it at ${label?.version ?? "nowhere"}`,
      );
    }
    labels.set(move.label, afterMove(label, move));
  }
  return { moves: [...state.moves, ...added], labels };
}

/** True when the files are still those that were read: a checkout of another branch replaces them under us. */
async function isCurrent(state: LabelState, folder: Folder, latest: number): Promise<boolean> {
  const last = state.moves.at(-1);
  if (last === undefined) return true;
  if (last.sequence > latest) return false;
  return renderMoveDocument(await readMove(folder, last.sequence)) === renderMoveDocument(last);
}

/** The moves in the folder `path`: immutable files numbered without gaps, so a number that is taken is a lost race. */
export function labelMoves(tree: FileTree, path: string): LabelMoves {
  const folder = { tree, path };
  let known = nothing;
  return {
    async read() {
      const latest = await latestNumber(tree, path, "move of a label");
      const base = (await isCurrent(known, folder, latest)) ? known : nothing;
      const first = base.moves.length + 1;
      const sequences = Array.from({ length: latest - first + 1 }, (_, index) => first + index);
      const added = await pLimit(FILES_AT_ONCE).map(sequences, (sequence) => readMove(folder, sequence));
      known = added.length === 0 ? base : extend(base, added, folder);
      return known;
    },
    append: (move) => tree.createOnce(numberedFile(path, move.sequence), renderMoveDocument(move)),
  };
}
