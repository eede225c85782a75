import * as z from "zod";
import type { LedgerEntry } from "../domain/ledger.ts";

const entry = z.strictObject({
  schema: z.literal("promptgate/ledger-entry@1"),
  id: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hex digits"),
  prompt: z.string().min(1),
  kind: z.string().min(1),
  at: z.iso.datetime(),
  by: z.string().min(1),
  reason: z.string(),
  version: z.string().nullable(),
  digest: z.templateLiteral(["sha256:", z.string().regex(/^[0-9a-f]{64}$/)]).nullable(),
  details: z.record(z.string(), z.unknown()),
}) satisfies z.ZodType<LedgerEntry>;

type ParsedEntry =
  | { readonly kind: "value"; readonly value: LedgerEntry }
  | { readonly kind: "invalid"; readonly reason: string };

export function parseLedgerEntry(text: string): ParsedEntry {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "invalid", reason: text === "" ? "it is empty" : "it is not JSON" };
  }
  const result = entry.safeParse(json);
  if (result.success) return { kind: "value", value: result.data };
  const issue = result.error.issues[0];
  return {
    kind: "invalid",
    reason: `${issue?.path.join(".") || "document"}: ${issue?.message ?? "unknown"}`,
  };
}

export function renderLedgerEntry(value: LedgerEntry): string {
  const { schema, id, prompt, kind, at, by, reason, version, digest, details } = value;
  const ordered = { schema, id, prompt, kind, at, by, reason, version, digest, details };
  return `${JSON.stringify(ordered, null, 2)}\n`;
}
