import type { EvidenceSettings } from "../domain/evidence.ts";
import { signatureStanding, type Envelope, type SignatureStanding } from "./dsse.ts";
import { verifyBundle } from "./sigstore-bundle.ts";

/** A text that somebody vouches for. */
export interface Signed {
  /** Null without any. */
  readonly envelope: Envelope | null;
  /** The Sigstore bundle around the envelope as JSON; null without one. */
  readonly bundle: string | null;
}

export type EvidenceSignature =
  | SignatureStanding
  /** An attestation by GitHub that does not count. `reason` is a sentence without a subject. */
  | { readonly kind: "refused"; readonly reason: string };

/** Who vouches for evidence: a trusted key, or a trusted workflow. A bundle that does not verify is never as good as none. */
export function evidenceStanding(
  { envelope, bundle }: Signed,
  { keys, github }: Pick<EvidenceSettings, "keys" | "github">,
): EvidenceSignature {
  if (bundle === null) return signatureStanding(envelope, keys);
  if (github === null) {
    return {
      kind: "refused",
      reason: "it is attested by GitHub, and evidence.github does not say whose attestations count",
    };
  }
  const standing = verifyBundle(bundle, github);
  return standing.kind === "valid"
    ? { kind: "valid", signer: standing.workflow }
    : { kind: "refused", reason: `its attestation by GitHub does not count: ${standing.reason}` };
}
