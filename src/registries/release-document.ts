import * as z from "zod";
import { isPromptName } from "../domain/registry.ts";
import { FULL_WEIGHT, type ReleaseDocument } from "../domain/release.ts";
import type { Parsed } from "./read-document.ts";
import { parseDocument, version } from "./document-schema.ts";

const WRITE_SCHEMA = "promptgate/release-write@1";

const weight = z.int().min(0).max(FULL_WEIGHT);
const salt = z.string().regex(/^[A-Za-z0-9._-]{1,80}$/, "expected 1 to 80 letters, digits, '.', '_' or '-'");

export const releaseDocument = z.strictObject({
  schema: z.literal("promptgate/release@1"),
  prompt: z.string().refine(isPromptName, "not a prompt name"),
  stable: version,
  candidate: z.strictObject({ version, weight, salt, hashVersion: z.literal(1) }).nullable(),
  holdback: z.strictObject({ version, weight, salt }).nullable(),
  generation: z.int().min(1).max(999_999_999_999_999),
  updatedAt: z.iso.datetime(),
}) satisfies z.ZodType<ReleaseDocument>;

const releaseWrite = z.strictObject({
  schema: z.literal(WRITE_SCHEMA),
  by: z.string().min(1),
  reason: z.string(),
  release: releaseDocument,
});

/** A release document as it is stored, and who wrote it why. */
export interface ReleaseWrite {
  readonly by: string;
  readonly reason: string;
  readonly release: ReleaseDocument;
}

export function parseReleaseWrite(text: string): Parsed<ReleaseWrite> {
  const parsed = parseDocument(releaseWrite, text);
  if (parsed.kind === "invalid") return parsed;
  const { schema: _, ...value } = parsed.value;
  return { kind: "value", value };
}

/** Keys in the order of the type, so that two documents side by side differ in what changed. */
function ordered(release: ReleaseDocument): ReleaseDocument {
  const { schema, prompt, stable, candidate, holdback, generation, updatedAt } = release;
  return { schema, prompt, stable, candidate, holdback, generation, updatedAt };
}

export function renderReleaseDocument(release: ReleaseDocument): string {
  return `${JSON.stringify(ordered(release), null, 2)}\n`;
}

export function renderReleaseWrite({ by, reason, release }: ReleaseWrite): string {
  return `${JSON.stringify({ schema: WRITE_SCHEMA, by, reason, release: ordered(release) }, null, 2)}\n`;
}
