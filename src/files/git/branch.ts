import pLimit from "p-limit";
import { setTimeout as wait } from "node:timers/promises";
import { GateError } from "../../domain/errors.ts";
import type { Clock } from "../../domain/ports.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { TreeFile } from "../tree.ts";
import { connectionTo, type Connection } from "./connection.ts";
import { contains, pushCommit, writeCommit, type Push } from "./remote-branch.ts";
import type { BranchAddress } from "./repository.ts";
import type { Snapshot } from "./snapshot.ts";

interface CommitChange {
  readonly kind: "commit";
  readonly files: readonly TreeFile[];
  readonly message: string;
}

/** What a writer decided when it saw the branch. */
type Change<Result> =
  /** One commit with these files. */
  | (CommitChange & { readonly result: Result })
  /** Nothing to write, whatever others have written since. */
  | { readonly kind: "settled"; readonly result: Result }
  /** Nothing to write as the branch is; decided again on a fresh one before it counts. */
  | { readonly kind: "refused"; readonly result: Result };

/** A branch of a remote repository as a database: every change a commit, every race settled by the remote. */
export interface Branch {
  /** Fetched at the first call; afterwards what was fetched then, with our own changes and what they met. */
  snapshot(): Promise<Snapshot>;
  /** Commits and pushes what `decide` makes of the newest branch; asks it again whenever another writer was first. */
  change<Result>(decide: (snapshot: Snapshot) => Promise<Change<Result>>): Promise<Result>;
  /** Fetches again if it was fetched before, so that the next snapshot shows what others have written. */
  renew(): Promise<void>;
  /** How a message names a path. */
  locate(path: string): string;
}

export interface BranchOptions extends BranchAddress {
  /** The folder on the branch, "" for all of it. */
  readonly path: string;
  readonly clock: Clock;
}

/** Each lost attempt is another writer's success; so many in a row are no race any more. */
const ATTEMPTS = 300;

/** Writers that met once should not meet again; those who lost most must not wait so long that they always lose. */
async function standBack(attempt: number): Promise<void> {
  await wait(Math.random() * Math.min(400, 25 * (attempt + 1)));
}

function tooManyWriters(branch: string): GateError {
  return new GateError("NETWORK", `other writers kept changing the branch ${visibleLine(branch)}`, {
    hint: "run the command again",
    retryable: true,
  });
}

/** True when the push took effect, by its own answer or, where that was lost, by the history of the branch. */
async function pushed(connection: Connection, branch: string, push: Push): Promise<boolean> {
  const repository = await connection.repository();
  try {
    return await pushCommit(repository, branch, push);
  } catch (error) {
    const isUnclear = error instanceof GateError && ["NETWORK", "TIMEOUT"].includes(error.code);
    const after = isUnclear ? await connection.refresh().catch(() => null) : null;
    if (after !== null && (await contains(repository, after.commit, push.commit))) return true;
    throw error;
  }
}

/** Opens a branch that need not exist yet; nothing is read before the first call. */
export function gitBranch({ path, clock, ...address }: BranchOptions): Branch {
  const { branch } = address;
  const prefix = path === "" ? "" : `${path}/`;
  const connection = connectionTo(address, prefix);
  const oneAtATime = pLimit(1);

  async function commit(snapshot: Snapshot, { files, message }: CommitChange): Promise<boolean> {
    for (const file of files) snapshot.checkPlace(file.path);
    const placed = files.map((file) => ({ ...file, path: `${prefix}${file.path}` }));
    const parent = snapshot.commit;
    const request = { parent, files: placed, message, at: clock.now() };
    const written = await writeCommit(await connection.repository(), request);
    if (!(await pushed(connection, branch, { commit: written, parent }))) return false;
    await connection.adopt(written);
    return true;
  }

  async function settle<Result>(decide: (snapshot: Snapshot) => Promise<Change<Result>>): Promise<Result> {
    let isFresh = !connection.hasLooked();
    for (let round = 0; round < ATTEMPTS; round++) {
      const snapshot = await connection.snapshot();
      const change = await decide(snapshot);
      if (change.kind === "settled" || (change.kind === "refused" && isFresh)) return change.result;
      if (change.kind === "commit") {
        if (await commit(snapshot, change)) return change.result;
        await standBack(round);
      }
      await connection.refresh();
      isFresh = true;
    }
    throw tooManyWriters(branch);
  }

  return {
    snapshot: async () => connection.snapshot(),
    change: async (decide) => oneAtATime(() => settle(decide)),
    async renew() {
      if (connection.hasLooked()) await connection.refresh();
    },
    locate: (name) => `${branch}:${prefix}${name}`,
  };
}
