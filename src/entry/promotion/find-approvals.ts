import type { Approver, EvidenceSettings, SignOff } from "../../domain/evidence.ts";
import type { PromptVersion } from "../../domain/registry.ts";
import { visibleLine } from "../../domain/visible.ts";
import { ageOf } from "../../evidence/age.ts";
import { signatureStanding, type Envelope } from "../../evidence/dsse.ts";
import { readAttestation } from "../../evidence/read-attestation.ts";
import type { ApprovalStanding } from "../../gate/promotion-policy.ts";
import { isAuthor } from "../../gate/self-approval.ts";
import { approverKeys } from "./verify-attestation.ts";

export interface ApprovalRules {
  readonly approvers: readonly Approver[];
  readonly settings: EvidenceSettings;
  /** Milliseconds since 1970. */
  readonly now: number;
}

type Judged =
  | { readonly kind: "counted"; readonly by: string }
  | { readonly kind: "not-counted"; readonly reason: string; readonly isAuthor: boolean }
  /** About something else: of no interest here. */
  | { readonly kind: "other" };

function judge(
  signOff: SignOff,
  envelope: Envelope | null,
  version: PromptVersion,
  { approvers, settings, now }: ApprovalRules,
): Judged {
  if (signOff.prompt !== version.name || signOff.digest !== version.digest) return { kind: "other" };
  const claimed = visibleLine(signOff.by.name, 200);
  const standing = signatureStanding(envelope, approverKeys(approvers));
  if (standing.kind !== "valid") {
    const reason = `${claimed} (the signature is of no approver's key)`;
    return { kind: "not-counted", reason, isAuthor: false };
  }
  const approver = approvers.find(({ name }) => name === standing.signer);
  const name = visibleLine(standing.signer, 200);
  if (approver === undefined || isAuthor(approver, version.author)) {
    return { kind: "not-counted", reason: `${name} (the author of the version)`, isAuthor: true };
  }
  const age = ageOf(signOff.at, now, settings.maxAgeMs);
  if (age.kind === "expired")
    return { kind: "not-counted", reason: `${name} (${age.text})`, isAuthor: false };
  return { kind: "counted", by: name };
}

/** Who signed off exactly this version's digest; every person counts once. */
export function judgeApprovals(
  texts: readonly string[],
  version: PromptVersion,
  rules: ApprovalRules,
): ApprovalStanding {
  const judged = texts.flatMap((text) => {
    const attestation = readAttestation(text);
    if (attestation.kind !== "sign-off") return [];
    return [judge(attestation.signOff, attestation.envelope, version, rules)];
  });
  const by = [...new Set(judged.flatMap((each) => (each.kind === "counted" ? [each.by] : [])))];
  const refused = judged.flatMap((each) => (each.kind === "not-counted" ? [each] : []));
  return {
    by,
    notCounted: [...new Set(refused.map(({ reason }) => reason))],
    selfApproved: refused.length > 0 && refused.every((each) => each.isAuthor),
  };
}
