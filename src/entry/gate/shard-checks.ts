import { jsonDigest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { CaseEntry } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { SideName } from "../../evals/sides.ts";
import type { RunIdentity } from "./run-directory.ts";
import type { ReadShard } from "./shard-files.ts";
import { shardOf } from "./shard-of.ts";

/** What the merging checkout says that the shards must be about. */
export interface ExpectedRun {
  readonly identity: RunIdentity;
  readonly seed: number;
}

function refused(message: string, hint: string): GateError {
  return new GateError("SCORES_INVALID", message, { hint });
}

function short(digest: string | null): string {
  return digest === null ? "none" : digest.slice(0, "sha256:".length + 8);
}

const subjects = ["prompt", "candidate", "baseline", "dataset", "judges", "policy", "setting"] as const;

/** The first thing that a shard is about and this run is not. */
function foreignReason({ manifest }: ReadShard, { identity, seed }: ExpectedRun): string | null {
  const subject = subjects.find((name) => manifest.identity[name] !== identity[name]);
  if (subject !== undefined) {
    return `another ${subject} (${short(manifest.identity[subject])}, here ${short(identity[subject])})`;
  }
  return manifest.seed === seed ? null : `another seed (${manifest.seed}, here ${seed})`;
}

const foreignHint =
  "merge in a checkout of the same commit, with the same --candidate, --baseline, --tier, --filter-…, --outputs and --seed as the shards";

/** The noise figures that all shards were planned with. Throws `SCORES_INVALID` when they differ. */
export function commonSigma(shards: readonly ReadShard[]): Readonly<Record<string, number>> {
  const [first, ...others] = shards;
  if (first === undefined) throw new RangeError("no shard has no plan");
  const planned = jsonDigest(first.manifest.sigma);
  const other = others.find(({ manifest }) => jsonDigest(manifest.sigma) !== planned);
  if (other === undefined) return first.manifest.sigma;
  throw refused(
    `${visibleLine(other.folder, 200)} was planned with other noise figures than ${visibleLine(first.folder, 200)}`,
    "start all shards from the same .promptgate/runs, or from none",
  );
}

/** Throws `SCORES_INVALID` unless the shards are about this run, and each of them is there once. */
export function checkShardSet(shards: readonly ReadShard[], expected: ExpectedRun): void {
  const { prompt } = expected.identity;
  const of = shards[0]?.manifest.shard.of ?? 0;
  const folders = new Map<number, string>();
  for (const shard of shards) {
    const { folder, manifest } = shard;
    const shown = visibleLine(folder, 200);
    const reason = foreignReason(shard, expected);
    if (reason !== null) throw refused(`${shown} is a shard of another run: it has ${reason}`, foreignHint);
    const { index } = manifest.shard;
    const twin = folders.get(index);
    if (manifest.shard.of !== of) {
      throw refused(
        `${shown} is shard ${index} of ${manifest.shard.of}, others are of ${of}`,
        "merge the shards of one division",
      );
    }
    if (twin !== undefined) {
      throw refused(
        `shard ${index}/${of} of ${prompt} is there twice: ${visibleLine(twin, 200)} and ${shown}`,
        "name each shard once",
      );
    }
    folders.set(index, folder);
  }
  const missing = Array.from({ length: of }, (_, index) => index + 1).filter((index) => !folders.has(index));
  if (missing.length > 0 || of === 0) {
    const list = missing.slice(0, 10).join(", ") + (missing.length > 10 ? ", …" : "");
    throw refused(
      `of ${prompt} ${of === 0 ? "every shard is missing" : `shard ${list} of ${of} is missing`}`,
      `promptgate gate ${prompt} --shard ${missing[0] ?? "i"}/${of === 0 ? "n" : of} makes it`,
    );
  }
}

/** What the shards of a run must hold together. */
interface ExpectedCases {
  readonly entries: readonly CaseEntry[];
  /** Cases of the plan's looks. */
  readonly ids: readonly string[];
  /** Critical cases that no waiver sets aside. */
  readonly critical: readonly string[];
  readonly sides: readonly SideName[];
}

/** The first case that a shard should hold and does not, with what it lacks. */
function lostCase(
  { comparison, criticalCases }: ReadShard,
  { ids, critical, sides }: ExpectedCases,
  isOwn: (id: string) => boolean,
): string | null {
  const lists = [
    ...sides.map((side) => ({ side, ids, records: comparison, what: `the ${side}'s case` })),
    { side: "candidate" as const, ids: critical, records: criticalCases, what: "the critical case" },
  ];
  for (const { side, ids: wanted, records, what } of lists) {
    const held = new Set(records.filter((record) => record.side === side).map(({ row }) => row.id));
    const lost = wanted.find((id) => isOwn(id) && !held.has(id));
    if (lost !== undefined) return `${what} ${visibleLine(lost, 60)}`;
  }
  return null;
}

/** Throws `SCORES_INVALID` unless every shard holds exactly its own cases, on every side. */
export function checkShardCases(shards: readonly ReadShard[], expected: ExpectedCases): void {
  const { entries, ids, sides } = expected;
  const of = shards[0]?.manifest.shard.of ?? 1;
  const places = new Map(entries.map((entry) => [entry.id, shardOf(entry, of)]));
  const planned = new Set(ids);
  for (const shard of shards) {
    const shown = visibleLine(shard.folder, 200);
    const isOwn = (id: string): boolean => places.get(id) === shard.manifest.shard.index;
    const stranger = shard.comparison.find(
      ({ side, row }) => !isOwn(row.id) || !planned.has(row.id) || !sides.includes(side),
    );
    if (stranger !== undefined) {
      throw refused(
        `${shown} holds the case ${visibleLine(stranger.row.id, 60)} (${stranger.side}), which is not in this shard's part of the run`,
        foreignHint,
      );
    }
    const lost = lostCase(shard, expected, isOwn);
    if (lost !== null) throw refused(`${shown} is truncated: it lacks ${lost}`, "run this shard again");
  }
}
