import { GateError } from "./errors.ts";
import type { PageRequest } from "./registry.ts";

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1000;

/** What a listing pages by. */
export interface Listing {
  /** Names the listing, so that a cursor of one is refused by another. */
  readonly name: string;
  readonly isKey: (text: string) => boolean;
  /** The order of the listing. */
  readonly compare: (left: string, right: string) => number;
}

/** Order of names that is the same on every machine. */
export function byName(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function encodeCursor(listing: Listing, key: string): string {
  return Buffer.from(`${listing.name} ${key}`, "utf8").toString("base64url");
}

function decodeCursor(listing: Listing, cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const key = text.slice(listing.name.length + 1);
  // Encoding it again also refuses what base64 forgives: stray characters and padding.
  if (text.startsWith(`${listing.name} `) && listing.isKey(key) && encodeCursor(listing, key) === cursor)
    return key;
  throw new GateError("USAGE", "the cursor belongs to no page of this listing", {
    hint: "start again without a cursor",
  });
}

/**
 * The keys of one page of a sorted listing. A cursor names the last key that was seen, so entries that appear meanwhile
 * neither repeat nor hide others. Throws `USAGE` on a limit out of 1..1,000 or a foreign cursor.
 */
export function pageKeys(
  sorted: readonly string[],
  request: PageRequest,
  listing: Listing,
): { readonly keys: readonly string[]; readonly next: string | null } {
  const limit = request.limit ?? DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_LIMIT) {
    throw new GateError("USAGE", `a page has 1 to ${LARGEST_LIMIT} entries, not ${limit}`);
  }
  const seen = request.cursor === undefined ? null : decodeCursor(listing, request.cursor);
  const rest = seen === null ? sorted : sorted.filter((key) => listing.compare(key, seen) > 0);
  const keys = rest.slice(0, limit);
  const last = keys.at(-1);
  return { keys, next: last !== undefined && rest.length > limit ? encodeCursor(listing, last) : null };
}
