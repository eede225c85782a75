import { createHash } from "node:crypto";
import canonicalizeModule from "canonicalize";

// The package is CommonJS with an ES default; its types describe the default as the module.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string | undefined;

/** Canonical JSON after RFC 8785: sorted keys, shortest numbers, no white space. Throws on NaN and Infinity. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("a value without a JSON form has no canonical JSON");
  return text;
}

/** `sha256:` and 64 hex digits. */
export type Digest = `sha256:${string}`;

/** SHA-256 of UTF-8 text. */
export function textDigest(text: string): Digest {
  return `sha256:${createHash("sha256").update(text, "utf8").digest("hex")}`;
}

/** SHA-256 of the canonical JSON of a value. Keys whose value is undefined do not count. */
export function jsonDigest(value: unknown): Digest {
  return textDigest(canonicalJson(value));
}
