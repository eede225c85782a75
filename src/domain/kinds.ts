import type * as z from "zod";
import { GateError } from "./errors.ts";
import { visibleLine } from "./visible.ts";

/**
 * What a table holds for a kind that the config names at `place`, such as `registry.kind`. Throws `CONFIG_INVALID`, with the
 * known kinds, for one that does not exist.
 */
export function ofKind<Kinds extends Readonly<Record<string, unknown>>>(
  kinds: Kinds,
  kind: string,
  place: string,
): Kinds[keyof Kinds] {
  if (Object.hasOwn(kinds, kind)) return kinds[kind] as Kinds[keyof Kinds];
  throw new GateError("CONFIG_INVALID", `${place}: there is no "${visibleLine(kind, 60)}"`, {
    hint: `known: ${Object.keys(kinds).join(", ")}`,
  });
}

/** The options that the config has at `place`. Throws `CONFIG_INVALID` with the first that is wrong. */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  options: unknown,
  place: string,
): z.infer<Schema> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [place, ...(issue?.path ?? [])].join(".");
  throw new GateError("CONFIG_INVALID", `${visibleLine(path)}: ${visibleLine(issue?.message ?? "invalid")}`);
}
