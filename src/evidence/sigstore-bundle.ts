import { bundleFromJSON, isBundleWithDsseEnvelope, type SerializedBundle } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier, type Signer } from "@sigstore/verify";
import { GateError } from "../domain/errors.ts";
import { repositoryOf, type GitHubSigners } from "../domain/evidence.ts";
import { visibleLine } from "../domain/visible.ts";

export type BundleStanding =
  /** `OWNER/REPO/.github/workflows/FILE@REF`, one of those that count. */
  | { readonly kind: "valid"; readonly workflow: string }
  /** `reason` is a sentence without a subject. */
  | { readonly kind: "refused"; readonly reason: string };

/** Who vouches that a workflow of github.com runs; a server of one's own has no Sigstore. */
const ISSUER = "https://token.actions.githubusercontent.com";
/** "Source Repository URI" among the extensions of Fulcio's certificates: a workflow may be called from elsewhere. */
const SOURCE_REPOSITORY = [1, 3, 6, 1, 4, 1, 57264, 1, 12].join(".");

/** DER of a UTF8String of at most 255 bytes. */
function utf8String(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([
    Buffer.from(bytes.length < 128 ? [12, bytes.length] : [12, 0x81, bytes.length]),
    bytes,
  ]);
}

function unusableRoot(cause?: unknown): GateError {
  return new GateError("CONFIG_INVALID", "evidence.github.trustedRoot: that is no trusted root of Sigstore", {
    hint: "gh attestation trusted-root > trusted_root.jsonl writes it",
    cause,
  });
}

/** One JSON document, or one a line. */
function parseRoots(text: string): TrustedRoot[] {
  try {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    const isOne = lines.length === 1 || lines[0]?.trim() === "{";
    const roots = (isOne ? [text] : lines).map((each) => TrustedRoot.fromJSON(JSON.parse(each)));
    if (roots.length > 0 && roots.every((root) => root.certificateAuthorities.length > 0)) return roots;
  } catch (error) {
    throw unusableRoot(error);
  }
  throw unusableRoot();
}

/** What a root has is asked for: GitHub's own, for private repositories, has timestamps in the place of public logs. */
function verifierOf(root: TrustedRoot): Verifier {
  return new Verifier(toTrustMaterial(root), {
    tlogThreshold: root.tlogs.length > 0 ? 1 : 0,
    ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
    timestampThreshold: 1,
  });
}

type Signed =
  | { readonly kind: "signed"; readonly signer: Signer }
  | Extract<BundleStanding, { kind: "refused" }>;

/** Signature, certificate, time and logs. */
function signerOf(text: string, roots: readonly TrustedRoot[]): Signed {
  const reasons = new Set<string>();
  for (const root of roots) {
    try {
      const bundle = bundleFromJSON(JSON.parse(text) as SerializedBundle);
      // Beside a signature of something else the statement would be looked at by nobody.
      if (!isBundleWithDsseEnvelope(bundle)) return { kind: "refused", reason: "it signs no statement" };
      return { kind: "signed", signer: verifierOf(root).verify(toSignedEntity(bundle)) };
    } catch (error) {
      // The library throws errors of its own, and of its parsers for what is damaged.
      reasons.add(error instanceof Error ? error.message : String(error));
    }
  }
  return { kind: "refused", reason: visibleLine([...reasons].join("; "), 200) };
}

function isOf(repository: string, { identity }: Signer): boolean {
  const expected = utf8String(`https://github.com/${repository}`);
  const found = identity?.oids?.filter(({ oid }) => oid?.id.join(".") === SOURCE_REPOSITORY) ?? [];
  return found.length === 1 && found.every(({ value }) => expected.equals(value));
}

/**
 * Whether one of these workflows signed what the bundle holds, by nothing but the bundle and the trusted root. Throws
 * `CONFIG_INVALID` for a root that cannot be used.
 */
export function verifyBundle(bundle: string, { workflows, trustedRoot }: GitHubSigners): BundleStanding {
  const signed = signerOf(bundle, parseRoots(trustedRoot));
  if (signed.kind === "refused") return signed;
  const { signer } = signed;
  const { subjectAlternativeName: name, extensions } = signer.identity ?? {};
  if (extensions?.issuer !== ISSUER) {
    return {
      kind: "refused",
      reason: `no workflow of GitHub signed it, but ${visibleLine(name ?? "a bare key", 200)}`,
    };
  }
  const workflow = workflows.find((each) => name === `https://github.com/${each}`);
  if (workflow === undefined) {
    return {
      kind: "refused",
      reason: `${visibleLine(name ?? "nobody", 300)} signed it, which evidence.github does not name`,
    };
  }
  return isOf(repositoryOf(workflow), signer)
    ? { kind: "valid", workflow }
    : { kind: "refused", reason: `the workflow ${visibleLine(workflow, 300)} ran for another repository` };
}
