import * as z from "zod";
import { ofKind, parseOptions } from "../domain/kinds.ts";
import type { Clock } from "../domain/ports.ts";
import type { Project } from "../domain/project.ts";
import type { Store } from "../domain/store.ts";
import { branchSettings } from "../files/git/branch-settings.ts";
import { fileStore } from "./file.ts";
import { gitStore } from "./git.ts";

interface Surroundings {
  readonly root: string;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Makes a store of the options that stand beside `kind` in the config; throws `CONFIG_INVALID` on wrong ones. */
type StoreFactory = (options: Readonly<Record<string, unknown>>, surroundings: Surroundings) => Store;

const PLACE = "store";
const fileOptions = z.strictObject({ path: z.string().min(1).default(".promptgate/state") });
const gitOptions = branchSettings("promptgate-state");

/** `store.kind` of the config -> how to open it. */
export const stores = {
  file: (options, { root }) => fileStore({ ...parseOptions(fileOptions, options, PLACE), root }),
  git: (options, surroundings) => gitStore({ ...parseOptions(gitOptions, options, PLACE), ...surroundings }),
} as const satisfies Record<string, StoreFactory>;

/**
 * The store that a project names; `root` is the absolute path of the project, `clock` dates what is written, and
 * `environment` is what programs see that the store runs. Throws `CONFIG_INVALID` for a kind or an option that does not
 * exist.
 */
export function openStore(
  settings: Project["store"],
  root: string,
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>>,
): Store {
  const { kind, ...options } = settings;
  const open: StoreFactory = ofKind(stores, kind, `${PLACE}.kind`);
  return open(options, { root, clock, environment });
}
