import * as z from "zod";
import { isPublicKey, type Approver, type EvidenceSettings } from "../domain/evidence.ts";
import type { Problem } from "../domain/problem.ts";
import { problemAt, type SourceDocument } from "./source-document.ts";
import { pathInside, readTextFile, SIZE_LIMITS } from "./text-file.ts";
import { duration, words } from "./units.ts";

const MAX_AGE_MS = 30 * 86_400_000;

const publicKey = z
  .string()
  .refine(isPublicKey, "expected an ed25519 public key in base64, as `promptgate keys new` prints it")
  .meta({ description: "an ed25519 public key in base64" });

// A pull request's own ref is left out: whoever opens one writes the workflow that would attest.
const WORKFLOW = /^[\w.-]+\/[\w.-]+\/\.github\/workflows\/[\w.-]+\.ya?ml@refs\/(?:heads|tags)\/[\w./+-]+$/;

const githubSchema = z.strictObject({
  workflows: z
    .array(
      z
        .string()
        .max(400)
        .regex(
          WORKFLOW,
          "expected OWNER/REPO/.github/workflows/FILE.yml@refs/heads/BRANCH or @refs/tags/TAG",
        ),
    )
    .min(1)
    .max(20)
    .meta({ description: "workflows whose attestations count, each at one branch or tag" }),
  trustedRoot: words.meta({ description: "file with what `gh attestation trusted-root` prints" }),
});

/** `evidence` of the config: whose signatures count, and for how long. */
export const evidenceSchema = z.strictObject({
  keys: z
    .record(words, publicKey)
    .default({})
    .meta({ description: "name -> public key of who may sign evidence, e.g. the workflow" }),
  github: githubSchema.optional().meta({ description: "whose attestations by GitHub count" }),
  require: z
    .enum(["signed", "any"])
    .optional()
    .meta({ description: "signed as soon as there are keys or workflows, unless any is written here" }),
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

/** The settings with what the user left out; the file that `evidence.github` names comes as its text. */
export function evidenceSettings(
  { evidence }: Pick<Written, "evidence">,
  trustedRoot: string | null,
): EvidenceSettings {
  const { keys, github, require, maxAge } = evidence;
  const signed = Object.keys(keys).length > 0 || github !== undefined ? "signed" : "any";
  return {
    keys,
    github:
      github === undefined || trustedRoot === null ? null : { workflows: github.workflows, trustedRoot },
    require: require ?? signed,
    maxAgeMs: maxAge ?? MAX_AGE_MS,
  };
}

/** Sigstore's trusted root, where the config names it. */
export async function readTrustedRoot(
  document: SourceDocument,
  root: string,
  { evidence }: Pick<Written, "evidence">,
): Promise<{ readonly text: string | null; readonly problems: readonly Problem[] }> {
  if (evidence.github === undefined) return { text: null, problems: [] };
  const located = await pathInside(root, evidence.github.trustedRoot);
  const read =
    located.kind === "unreadable" ? located : await readTextFile(located.path, SIZE_LIMITS.document);
  if (read.kind === "text") return { text: read.text, problems: [] };
  const place = { path: ["evidence", "github", "trustedRoot"] };
  return {
    text: null,
    problems: [problemAt(document, place, `${evidence.github.trustedRoot} ${read.reason}`)],
  };
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
  const hasSigners = Object.keys(evidence.keys).length > 0 || evidence.github !== undefined;
  if (evidence.require !== "signed" || hasSigners) return twins;
  const message =
    "signed evidence needs evidence.keys or evidence.github: without them nothing could ever be accepted";
  return [problemAt(document, { path: ["evidence", "require"] }, message), ...twins];
}
