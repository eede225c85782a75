import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import type { Project } from "../domain/project.ts";
import type { Registry } from "../domain/registry.ts";
import { visibleLine } from "../domain/visible.ts";
import { fileRegistry, type FileRegistryOptions } from "./file.ts";

type Surroundings = Pick<FileRegistryOptions, "root" | "clock">;

/** Makes a registry of the options that stand beside `kind` in the config; throws `CONFIG_INVALID` on wrong ones. */
type RegistryFactory = (options: Readonly<Record<string, unknown>>, surroundings: Surroundings) => Registry;

const fileOptions = z.strictObject({ path: z.string().min(1).default(".promptgate/registry") });

/** `registry.kind` of the config -> how to open it. */
export const registries = {
  file: (options, surroundings) => fileRegistry({ ...parseOptions(fileOptions, options), ...surroundings }),
} as const satisfies Record<string, RegistryFactory>;

function parseOptions<Schema extends z.ZodType>(schema: Schema, options: unknown): z.infer<Schema> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = ["registry", ...(issue?.path ?? [])].join(".");
  throw new GateError("CONFIG_INVALID", `${visibleLine(path)}: ${visibleLine(issue?.message ?? "invalid")}`);
}

function isKind(kind: string): kind is keyof typeof registries {
  return Object.hasOwn(registries, kind);
}

/**
 * The registry that a project names; `root` is the absolute path of the project, `clock` dates the moves.
 * Throws `CONFIG_INVALID` for a kind or an option that does not exist.
 */
export function openRegistry(
  settings: Project["registry"],
  root: string,
  clock: Clock = { now: () => Date.now() },
): Registry {
  const { kind, ...options } = settings;
  if (isKind(kind)) return registries[kind](options, { root, clock });
  throw new GateError("CONFIG_INVALID", `registry.kind: there is no "${visibleLine(kind)}"`, {
    hint: `known: ${Object.keys(registries).join(", ")}`,
  });
}
