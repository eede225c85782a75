import * as z from "zod";
import { parseVersion } from "../domain/version.ts";
import type { Parsed } from "./read-document.ts";

export const version = z.string().refine((text) => parseVersion(text) !== null, "expected MAJOR.MINOR.PATCH");

/** Reads a stored document; the reason of an invalid one names the place in it. */
export function parseDocument<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
): Parsed<z.infer<Schema>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "invalid", reason: text === "" ? "it is empty" : "it is not JSON" };
  }
  const result = schema.safeParse(json);
  if (result.success) return { kind: "value", value: result.data };
  const issue = result.error.issues[0];
  return {
    kind: "invalid",
    reason: `${issue?.path.join(".") || "document"}: ${issue?.message ?? "unknown"}`,
  };
}
