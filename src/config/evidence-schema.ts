import * as z from "zod";
import { isPublicKey, type Approver, type EvidenceSettings } from "../domain/evidence.ts";
import type { Problem } from "../domain/problem.ts";
import { problemAt, type SourceDocument } from "./source-document.ts";
import { duration, words } from "./units.ts";

const MAX_AGE_MS = 30 * 86_400_000;

const publicKey = z
  .string()
  .refine(isPublicKey, "expected an ed25519 public key in base64, as `promptgate keys new` prints it")
  .meta({ description: "an ed25519 public key in base64" });

/** `evidence` of the config: whose signatures count, and for how long. */
export const evidenceSchema = z.strictObject({
  keys: z
    .record(words, publicKey)
    .default({})
    .meta({ description: "name -> public key of who may sign evidence, e.g. the workflow" }),
  require: z
    .enum(["signed", "any"])
    .optional()
    .meta({ description: "signed as soon as there are keys, unless any is written here" }),
  maxAge: duration
    .optional()
    .meta({ description: "older evidence and sign-offs do not count; 30d unless given" }),
});

/** One entry of `approvers`. */
export const approverSchema = z.strictObject({
  name: words.max(200).meta({ description: "as in git, so that nobody approves a version of their own" }),
  email: z.email().max(320).meta({ description: "as in git" }),
  key: publicKey,
});

interface Written {
  readonly evidence: z.infer<typeof evidenceSchema>;
  readonly approvers: readonly z.infer<typeof approverSchema>[];
}

/** The settings with what the user left out. */
export function evidenceSettings({ evidence }: Pick<Written, "evidence">): EvidenceSettings {
  const { keys, require, maxAge } = evidence;
  const signed = Object.keys(keys).length > 0 ? "signed" : "any";
  return { keys, require: require ?? signed, maxAgeMs: maxAge ?? MAX_AGE_MS };
}

const identities = [
  { field: "name", of: ({ name }: Approver) => name.normalize("NFKC").toLowerCase() },
  { field: "email", of: ({ email }: Approver) => email.toLowerCase() },
  { field: "key", of: ({ key }: Approver) => key },
] as const;

/** Two entries for one person would count as two people. */
function twinProblems(document: SourceDocument, approvers: readonly Approver[]): Problem[] {
  return approvers.flatMap((approver, index) =>
    identities.flatMap(({ field, of }) => {
      const twin = approvers.slice(0, index).findIndex((other) => of(other) === of(approver));
      if (twin < 0) return [];
      const message = `entry ${twin + 1} has the same ${field}: one person is one entry`;
      return [problemAt(document, { path: ["approvers", index, field] }, message)];
    }),
  );
}

/** What the schema alone cannot see. */
export function evidenceProblems(document: SourceDocument, { evidence, approvers }: Written): Problem[] {
  const twins = twinProblems(document, approvers);
  if (evidence.require !== "signed" || Object.keys(evidence.keys).length > 0) return twins;
  const message = "signed evidence needs evidence.keys: without a key nothing could ever be accepted";
  return [problemAt(document, { path: ["evidence", "require"] }, message), ...twins];
}
