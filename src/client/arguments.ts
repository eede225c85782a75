import { GateError } from "../domain/errors.ts";

/** Milliseconds; longer, and a rollback would take too long to arrive. */
export const LARGEST_TTL = 300_000;

/** Throws `USAGE` unless a number of milliseconds is above 0 and not too large. */
export function checkDuration(name: string, value: number, largest: number): number {
  if (value > 0 && value <= largest) return value;
  throw new GateError("USAGE", `${name}: expected milliseconds above 0 and at most ${largest}, got ${value}`);
}

/** A unit as text; null for none: whole numbers count as their decimal digits. */
export function unitText(unit: unknown): string | null {
  if (typeof unit === "string") return unit === "" ? null : unit;
  return typeof unit === "bigint" || Number.isSafeInteger(unit) ? String(unit) : null;
}

/** Calls what the application handed in; a broken logger must not take the prompt away. */
export function quietly<Argument>(
  call: ((argument: Argument) => void) | undefined,
  argument: Argument,
): void {
  try {
    call?.(argument);
  } catch {
    // Nothing is owed to it.
  }
}
