import pLimit from "p-limit";
import { textDigest, type Digest } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import { byName } from "../domain/paging.ts";
import { visibleLine } from "../domain/visible.ts";
import type { FileTree } from "../files/tree.ts";
import { corruptStore, readStored, visibleNames } from "./corrupt.ts";

const FILES_AT_ONCE = 32;
const NAME = /^(\d{6})-([0-9a-f]{64})\.json$/;

interface Stored {
  readonly path: string;
  readonly sequence: number;
  /** SHA-256 of the text. */
  readonly hash: string;
}

function folderOf(subject: Digest): string {
  const hash = /^sha256:([0-9a-f]{64})$/.exec(subject)?.[1];
  if (hash === undefined) throw new GateError("USAGE", `"${visibleLine(subject)}" is no digest`);
  return `attestations/${hash}`;
}

/** Oldest first; what two writers kept at once is there once. */
async function storedAttestations(tree: FileTree, folder: string): Promise<Stored[]> {
  const names = (await visibleNames(tree, folder)).sort(byName);
  const stored = names.map((name) => {
    const [, sequence, hash] = NAME.exec(name) ?? [];
    const path = `${folder}/${name}`;
    if (sequence === undefined || hash === undefined) throw corruptStore(tree, path, "it is no attestation");
    return { path, sequence: Number(sequence), hash };
  });
  return stored.filter(({ hash }, index) => stored.findIndex((other) => other.hash === hash) === index);
}

/** See `Store.attest`. One file each, created once: `attestations/<subject>/<sequence>-<SHA-256 of the text>.json`. */
export async function keepAttestation(tree: FileTree, subject: Digest, text: string): Promise<void> {
  const folder = folderOf(subject);
  const stored = await storedAttestations(tree, folder);
  const hash = textDigest(text).slice("sha256:".length);
  if (stored.some((other) => other.hash === hash)) return;
  const last = stored.reduce((highest, { sequence }) => Math.max(highest, sequence), 0);
  // A name that is taken holds this very text.
  await tree.createOnce(`${folder}/${String(last + 1).padStart(6, "0")}-${hash}.json`, text);
}

/** See `Store.attestations`. Throws `STORE_CORRUPT` when a text is not the one that was kept. */
export async function readAttestations(tree: FileTree, subject: Digest): Promise<string[]> {
  const stored = await storedAttestations(tree, folderOf(subject));
  return pLimit(FILES_AT_ONCE).map(stored, async ({ path, hash }) => {
    const text = await readStored(tree, path);
    if (text === null) throw corruptStore(tree, path, "it vanished");
    if (textDigest(text) === `sha256:${hash}`) return text;
    throw corruptStore(tree, path, "it is not what was kept: the digest differs");
  });
}
