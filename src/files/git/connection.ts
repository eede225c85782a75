import { fetchBranch } from "./remote-branch.ts";
import { openRepository, type BranchAddress, type Opened, type OwnRepository } from "./repository.ts";
import { takeSnapshot, type Snapshot } from "./snapshot.ts";

/** Our view of a remote branch: one fetch at the first look, further ones only when asked for. */
export interface Connection {
  repository(): Promise<OwnRepository>;
  /** False before the first look. */
  hasLooked(): boolean;
  snapshot(): Promise<Snapshot>;
  /** Fetches again. */
  refresh(): Promise<Snapshot>;
  /** Takes a commit that the remote took from us for the newest. */
  adopt(commit: string): Promise<void>;
}

/** `prefix` is the folder that counts, "" or ending with a slash. */
export function connectionTo(address: BranchAddress, prefix: string): Connection {
  const { branch } = address;
  let opened: Promise<Opened<string | null>> | null = null;
  let known: Promise<Snapshot> | null = null;

  async function open(): Promise<Opened<string | null>> {
    opened ??= openRepository(address, async (fresh) => fetchBranch(fresh, branch, true));
    return opened;
  }

  /** A failure is not remembered: the next call tries again. */
  async function remember(snapshot: Promise<Snapshot>): Promise<Snapshot> {
    known = snapshot;
    try {
      return await snapshot;
    } catch (error) {
      if (known === snapshot) known = null;
      opened = null;
      throw error;
    }
  }

  async function fetched(): Promise<Snapshot> {
    const isFirst = opened === null;
    const { repository, prepared } = await open();
    const fresh = isFirst && prepared !== undefined;
    return takeSnapshot(repository, fresh ? prepared : await fetchBranch(repository, branch), prefix);
  }

  const refresh = async (): Promise<Snapshot> => remember(fetched());

  return {
    repository: async () => (await open()).repository,
    hasLooked: () => known !== null,
    snapshot: async () => known ?? refresh(),
    refresh,
    async adopt(commit) {
      const { repository } = await open();
      // What cannot be read back now is fetched by the next call: the commit is on the remote.
      await remember(takeSnapshot(repository, commit, prefix)).catch(() => undefined);
    },
  };
}
