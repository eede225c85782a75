import * as z from "zod";
import type { SignOff } from "../domain/evidence.ts";
import type { subjectSchema } from "./gate-statement.ts";
import { digestOf, renderStatement } from "./statement.ts";

/** No public predicate says "a person approved this"; a name of our own cannot be mistaken for one. */
export const SIGN_OFF = "urn:promptgate:sign-off:v1";

/** The in-toto statement of a person's leave. */
export function renderSignOff(signOff: SignOff): string {
  const { version, by, at, reason } = signOff;
  return renderStatement(signOff, SIGN_OFF, { version, by, at, reason });
}

const predicateSchema = z.object({
  version: z.string(),
  by: z.object({ name: z.string(), email: z.string() }),
  at: z.iso.datetime(),
  reason: z.string(),
});

/** The leave in a sign-off's predicate, or a sentence about what is wrong with it. */
export function readSignOffPredicate(
  subject: z.infer<typeof subjectSchema>,
  predicate: unknown,
): SignOff | string {
  const parsed = predicateSchema.safeParse(predicate);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.join(".") || "predicate"}: ${issue?.message ?? "unknown"}`;
  }
  return { prompt: subject.name, digest: digestOf(subject.digest), ...parsed.data };
}
