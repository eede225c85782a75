import { jsonDigest } from "../../src/domain/digest.ts";
import type { LedgerEntry } from "../../src/domain/ledger.ts";

/** An entry with an id of its own content. */
export function aLedgerEntry(changes: Partial<LedgerEntry> = {}): LedgerEntry {
  const content = {
    schema: "promptgate/ledger-entry@1" as const,
    prompt: "customer-support",
    kind: "promoted",
    at: "2026-11-20T10:00:00.000Z",
    by: "Ada Lovelace <ada@example.com>",
    reason: "Für alle 🚀\nsecond line",
    version: "1.0.0",
    digest: jsonDigest("a template"),
    details: { weight: 5_000, nested: { list: [1, null, "x"] } },
    ...changes,
  };
  return { id: jsonDigest(content).slice("sha256:".length), ...content };
}
