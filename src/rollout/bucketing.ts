import { hash } from "node:crypto";
import { FULL_WEIGHT } from "../domain/release.ts";

const SALT = /^[A-Za-z0-9._-]{1,80}$/;

/** Whether a text may salt a bucketing. Without `:` the join of salt and unit is unambiguous. */
export function isSalt(text: string): boolean {
  return SALT.test(text);
}

/** `bucket` of a salt that is known to be one: looking at it again would cost a tenth of the time. */
export function bucketOfUnit(salt: string, unit: string): number {
  // One character a byte: less time than hexadecimal digits, and half of that of a buffer.
  const bytes = hash("sha256", `${salt}:${unit}`, "binary");
  const pair = (at: number): number => (bytes.charCodeAt(at) << 8) | bytes.charCodeAt(at + 1);
  // Exact in a double: the first four bytes as a number, times 100,000, are below 2^53.
  return Math.floor(((pair(0) * 2 ** 16 + pair(2)) * FULL_WEIGHT) / 2 ** 32);
}

/**
 * Where a unit stands in an attempt: 0 to 99,999, `floor(u32 * 100000 / 2^32)` of the first four bytes of
 * SHA-256(utf8(`salt:unit`)). A pure function of both: units stay where they are while the weight moves, and another
 * salt deals them anew. No case folding and no Unicode normalisation. Throws `RangeError` on a salt that is none.
 */
export function bucket(salt: string, unit: string): number {
  if (!isSalt(salt)) throw new RangeError(`a salt matches ${SALT}`);
  return bucketOfUnit(salt, unit);
}

/** Whether a bucket gets the candidate at a weight of 0 to 100,000: a higher weight only adds units. */
export function isCanary(bucket: number, weight: number): boolean {
  return bucket < weight;
}

/** Whether a bucket is held back at a weight of 0 to 100,000: from the other end, so that it meets the canary last. */
export function isHeldBack(bucket: number, weight: number): boolean {
  return bucket >= FULL_WEIGHT - weight;
}
