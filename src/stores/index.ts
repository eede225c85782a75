import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import type { Project } from "../domain/project.ts";
import type { Store } from "../domain/store.ts";
import { visibleLine } from "../domain/visible.ts";
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

const fileOptions = z.strictObject({ path: z.string().min(1).default(".promptgate/state") });
const gitOptions = branchSettings("promptgate-state");

/** `store.kind` of the config -> how to open it. */
export const stores = {
  file: (options, { root }) => fileStore({ ...parseOptions(fileOptions, options), root }),
  git: (options, surroundings) => gitStore({ ...parseOptions(gitOptions, options), ...surroundings }),
} as const satisfies Record<string, StoreFactory>;

function parseOptions<Schema extends z.ZodType>(schema: Schema, options: unknown): z.infer<Schema> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = ["store", ...(issue?.path ?? [])].join(".");
  throw new GateError("CONFIG_INVALID", `${visibleLine(path)}: ${visibleLine(issue?.message ?? "invalid")}`);
}

function isKind(kind: string): kind is keyof typeof stores {
  return Object.hasOwn(stores, kind);
}

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
  if (isKind(kind)) return stores[kind](options, { root, clock, environment });
  throw new GateError("CONFIG_INVALID", `store.kind: there is no "${visibleLine(kind)}"`, {
    hint: `known: ${Object.keys(stores).join(", ")}`,
  });
}
