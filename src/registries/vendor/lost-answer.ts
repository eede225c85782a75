import { GateError } from "../../domain/errors.ts";
import type { VendorRevision } from "./vendor.ts";

/** Failures after which nobody knows whether the platform did what it was asked. */
const UNKNOWN_OUTCOME = new Set(["NETWORK", "TIMEOUT", "REGISTRY_FAILED"]);

/** True when a write may have been committed although its answer was lost or a failure. */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof GateError && UNKNOWN_OUTCOME.has(error.code);
}

/** Creates a version once: when the answer is lost, the version is looked up instead of being made again. */
export async function createdOnce(
  create: () => Promise<VendorRevision>,
  find: () => Promise<VendorRevision | undefined>,
): Promise<VendorRevision> {
  try {
    return await create();
  } catch (error) {
    if (!mayHaveHappened(error)) throw error;
    const found = await find();
    if (found !== undefined) return found;
    throw error;
  }
}
