import { visibleLine } from "../domain/visible.ts";
import type { Path } from "./source-document.ts";

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Why a scalar cannot be kept as it is written, or null. */
export function scalarFault(value: unknown): string | null {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return "expected a number that JSON can hold; infinity and NaN are none";
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return 'expected a number that is kept exactly; put a longer one in "quotes"';
    }
  }
  if (typeof value === "string" && LONE_SURROGATE.test(value)) return "expected text, got half a character";
  return null;
}

/** Why a key cannot be used, or null. */
export function keyFault(key: string): string | null {
  if (key === "__proto__") return "the key __proto__ is not allowed";
  return scalarFault(key);
}

/** True when nothing inside the value has a fault: the quick answer for every line of a large file. */
export function isPlainValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlainValue);
  if (typeof value !== "object" || value === null) return scalarFault(value) === null;
  return Object.entries(value).every(([key, item]) => keyFault(key) === null && isPlainValue(item));
}

/** The first fault of every value and key inside a JSON value that is at most 100 levels deep. */
export function* plainValueFaults(
  value: unknown,
  path: Path = [],
): Generator<{ readonly path: Path; readonly message: string }> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* plainValueFaults(item, [...path, index]);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const fault = keyFault(key);
      if (fault !== null) yield { path: [...path, key], message: fault };
      yield* plainValueFaults(item, [...path, key]);
    }
  } else {
    const fault = scalarFault(value);
    if (fault !== null) yield { path, message: fault };
  }
}

/** What was found, for the end of `expected X, got Y`; never more than 60 characters of it. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return value === "" ? "empty text" : `"${visibleLine(value, 60)}"`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "a mapping";
}

/** The value at a path, or undefined; only own keys count. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

/** The same without keys that stand for nothing. */
export function withoutUndefined<Shape extends object>(value: Shape): Defined<Shape> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<Shape>;
}

/** Optional keys are there with a value or not at all. */
type Defined<Shape> = { [Key in keyof Shape]: Exclude<Shape[Key], undefined> };
