import type { Digest } from "./digest.ts";
import type { LedgerEntry } from "./ledger.ts";
import type { Page, PageRequest } from "./registry.ts";

/**
 * Documents that change: the rollout of a prompt, and the project's freeze. `key` is `rollout/<prompt>` or `freeze`.
 * The text is JSON with a `schema`; who owns it parses it, so that a corrupt one is seen as what it is.
 */
export interface StoredDocument {
  readonly text: string;
  /** Opaque, equal for equal content; hand it back to replace exactly this. */
  readonly revision: string;
}

export type WriteOutcome =
  | { readonly kind: "written"; readonly revision: string }
  /** Somebody else was first: nothing was written. */
  | { readonly kind: "conflict" };

/**
 * Where the state of rollouts, the ledger and the attestations live. Every method may throw `STORE_CORRUPT`,
 * `STORAGE_FAILED`, `NETWORK` or `AUTHENTICATION`.
 */
export interface Store {
  /** Null when there is none. Never validates the content. */
  read(key: string): Promise<StoredDocument | null>;
  /** Writes if what is there still has the revision `expected` (null: nothing is there). */
  write(key: string, text: string, expected: string | null): Promise<WriteOutcome>;
  /** Keys that begin with `prefix`, sorted. */
  keys(prefix: string): Promise<readonly string[]>;
  /** Appends; an entry whose id is there already is not written again. */
  append(entry: LedgerEntry): Promise<void>;
  /** Newest first. `prompt` null reads all prompts. */
  ledger(prompt: string | null, page?: PageRequest): Promise<Page<LedgerEntry>>;
  /** Keeps a statement or an envelope under the digest that it is about; the same text again changes nothing. */
  attest(subject: Digest, text: string): Promise<void>;
  /** Oldest first. */
  attestations(subject: Digest): Promise<readonly string[]>;
}

/** Where the document of a prompt's rollout is. */
export function rolloutKey(prompt: string): string {
  return `rollout/${prompt}`;
}
