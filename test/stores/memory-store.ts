import { textDigest, type Digest } from "../../src/domain/digest.ts";
import { GateError } from "../../src/domain/errors.ts";
import type { LedgerEntry } from "../../src/domain/ledger.ts";
import { byName, pageKeys, type Listing } from "../../src/domain/paging.ts";
import type { Store } from "../../src/domain/store.ts";
import { parseLedgerEntry, renderLedgerEntry } from "../../src/stores/ledger-entry.ts";
import { folderName } from "../../src/stores/names.ts";

const listing: Listing = {
  name: "ledger",
  isKey: (text) => /^\d+ \d+$/.test(text),
  compare: (left, right) => byName(right, left),
};

/** A store that lives as long as its process and keeps every promise of the port. */
export function memoryStore(): Store {
  const documents = new Map<string, string>();
  const entries = new Map<string, LedgerEntry>();
  const attested = new Map<Digest, Set<string>>();

  function attestedOf(subject: Digest): Set<string> {
    if (!/^sha256:[0-9a-f]{64}$/.test(subject)) throw new GateError("USAGE", `"${subject}" is no digest`);
    const texts = attested.get(subject) ?? new Set();
    attested.set(subject, texts);
    return texts;
  }

  function revisionOf(key: string): string | null {
    folderName(key);
    const text = documents.get(key);
    return text === undefined ? null : textDigest(text);
  }

  return {
    async read(key) {
      const revision = revisionOf(key);
      return revision === null ? null : { text: documents.get(key) ?? "", revision };
    },
    async write(key, text, expected) {
      if (revisionOf(key) !== expected) return { kind: "conflict" };
      documents.set(key, text);
      return { kind: "written", revision: textDigest(text) };
    },
    async keys(prefix) {
      return [...documents.keys()].filter((key) => key.startsWith(prefix)).sort(byName);
    },
    async append(entry) {
      const parsed = parseLedgerEntry(renderLedgerEntry(entry));
      if (parsed.kind === "invalid") throw new GateError("USAGE", `no entry of the ledger: ${parsed.reason}`);
      folderName(entry.prompt);
      if (!entries.has(entry.id)) entries.set(entry.id, parsed.value);
    },
    async ledger(prompt, page = {}) {
      const keyed = [...entries.values()].map((entry, index) => {
        const key = [Date.parse(entry.at), index].map((number) => String(number).padStart(15, "0")).join(" ");
        return [key, entry] as const;
      });
      const found = new Map(keyed.filter(([, entry]) => prompt === null || entry.prompt === prompt));
      const { keys, next } = pageKeys([...found.keys()].sort(listing.compare), page, listing);
      return { items: keys.flatMap((key) => structuredClone(found.get(key) ?? [])), next };
    },
    async attest(subject, text) {
      attestedOf(subject).add(text);
    },
    async attestations(subject) {
      return [...attestedOf(subject)];
    },
  };
}
