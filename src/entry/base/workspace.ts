import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import type { Log } from "../../domain/ports.ts";
import { storageError } from "../../files/storage.ts";

/** Where the copies of the candidate's files go, beside the files of the base revision. */
export const CANDIDATE_FOLDER = ".candidate";
/** Where a project keeps what is no source. */
export const KEPT = ".promptgate";
/** What runs leave in it. */
export const STORED: readonly string[] = ["runs", "cache", "baselines"];

/** A project's folder that is no checkout: files of a base revision, and runs and cache that outlive it. */
export interface Workspace {
  /** Absolute path. */
  readonly root: string;
  /** The result with paths as a reader in the checkout has them. */
  present(result: PromptGateResult, checkout: string): PromptGateResult;
  close(): Promise<void>;
}

function presentedText(text: string): string {
  return text.replaceAll(`${CANDIDATE_FOLDER}/`, "");
}

/** What is said meanwhile, with paths as a reader in the checkout has them. */
export function presentedLog(log: Log): Log {
  return {
    info: (text) => log.info(presentedText(text)),
    warn: (text) => log.warn(presentedText(text)),
  };
}

function present(stateFolder: string, result: PromptGateResult, checkout: string): PromptGateResult {
  const { candidate, runDir } = result;
  const { source } = candidate;
  const prefix = `${CANDIDATE_FOLDER}/`;
  return {
    ...result,
    candidate: { ...candidate, source: source.startsWith(prefix) ? source.slice(prefix.length) : source },
    runDir: runDir === null ? null : relative(checkout, join(stateFolder, relative(KEPT, runDir))),
  };
}

/**
 * Makes a folder of its own for one command under `stateFolder`, an absolute path outside of what a checkout tracks.
 * Commands at the same time do not meet but in the runs and the cache, which are made for it. To be closed.
 */
export async function openWorkspace(stateFolder: string): Promise<Workspace> {
  try {
    await mkdir(stateFolder, { recursive: true });
    const root = await mkdtemp(join(stateFolder, "work-"));
    await mkdir(join(root, KEPT));
    for (const name of STORED) {
      await mkdir(join(stateFolder, name), { recursive: true });
      await symlink(join(stateFolder, name), join(root, KEPT, name), "junction");
    }
    return {
      root,
      present: (result, checkout) => present(stateFolder, result, checkout),
      close: () => rm(root, { recursive: true, force: true }),
    };
  } catch (error) {
    throw storageError("prepare", stateFolder, error);
  }
}
