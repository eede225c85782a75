import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { GateError } from "../domain/errors.ts";

/** Where a project is. */
export interface ConfigLocation {
  /** Absolute path of the folder that holds the config. */
  readonly root: string;
  /** The config's name inside it. */
  readonly file: string;
}

const NAMES = ["promptgate.yaml", "promptgate.yml"];

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    // What cannot be seen is not there for us; reading it would say more, but there is no file to read.
    return false;
  }
}

/**
 * The config that the user named, relative to `directory`, or the nearest `promptgate.yaml` or `promptgate.yml` in it or
 * above, not beyond the folder of the git repository. Throws `CONFIG_INVALID`.
 */
export async function findConfig(directory: string, configPath: string | undefined): Promise<ConfigLocation> {
  if (configPath !== undefined) {
    const path = resolve(directory, configPath);
    return { root: dirname(path), file: basename(path) };
  }
  for (let root = resolve(directory); ; root = dirname(root)) {
    for (const file of NAMES) {
      if (await exists(join(root, file))) return { root, file };
    }
    if (root === dirname(root) || (await exists(join(root, ".git")))) break;
  }
  throw new GateError("CONFIG_INVALID", `there is no ${NAMES[0]} here or in a folder above`, {
    hint: "`promptgate init` writes a working project; --config FILE names another config",
  });
}
