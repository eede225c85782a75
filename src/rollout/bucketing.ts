import { hash } from "node:crypto";
import { FULL_WEIGHT } from "../domain/release.ts";

const SALT = /^[A-Za-z0-9._-]{1,80}$/;

/** The last salt that was one: a client asks about the same all day, and the pattern costs as much as a tenth of a hash. */
let known = "";

/** Whether a text may salt a bucketing. Without `:` the join of salt and unit is unambiguous. */
export function isSalt(text: string): boolean {
  if (text !== known && SALT.test(text)) known = text;
  return text === known && text !== "";
}

/**
 * Where a unit stands in an attempt: 0 to 99,999, `floor(u32 * 100000 / 2^32)` of the first four bytes of
 * SHA-256(utf8(`salt:unit`)). A pure function of both: units stay where they are while the weight moves, and another
 * salt deals them anew. No case folding and no Unicode normalisation. Throws `RangeError` on a salt that is none.
 */
export function bucket(salt: string, unit: string): number {
  if (!isSalt(salt)) throw new RangeError(`a salt matches ${SALT}`);
  const u32 = Number.parseInt(hash("sha256", `${salt}:${unit}`).slice(0, 8), 16);
  // Exact in a double: u32 * 100,000 is below 2^53.
  return Math.floor((u32 * FULL_WEIGHT) / 2 ** 32);
}

/** Whether a bucket gets the candidate at a weight of 0 to 100,000: a higher weight only adds units. */
export function isCanary(bucket: number, weight: number): boolean {
  return bucket < weight;
}

/** Whether a bucket is held back at a weight of 0 to 100,000: from the other end, so that it meets the canary last. */
export function isHeldBack(bucket: number, weight: number): boolean {
  return bucket >= FULL_WEIGHT - weight;
}
