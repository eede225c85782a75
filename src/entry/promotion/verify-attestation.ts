import type { Digest } from "../../domain/digest.ts";
import type { Approver, EvidenceSettings, GateEvidence, SignOff } from "../../domain/evidence.ts";
import { visibleLine } from "../../domain/visible.ts";
import { ageOf } from "../../evidence/age.ts";
import { signatureStanding } from "../../evidence/dsse.ts";
import { evidenceStanding, type EvidenceSignature, type Signed } from "../../evidence/evidence-standing.ts";

/** One thing that was looked at; `note` decides nothing. */
export interface VerifyCheck {
  readonly name: "form" | "signature" | "subject" | "result.json" | "result" | "age";
  readonly state: "met" | "note" | "violated";
  readonly text: string;
}

/** What surrounds an attestation: digests that were found for comparison, null where there was nothing to find. */
export interface Surroundings {
  readonly settings: EvidenceSettings;
  readonly approvers: readonly Approver[];
  readonly now: number;
  readonly subject: { readonly digest: Digest; readonly origin: string } | null;
  readonly result: Digest | null;
}

function signatureCheck(standing: EvidenceSignature, isRequired: boolean, owner: string): VerifyCheck {
  const name = "signature";
  switch (standing.kind) {
    case "valid":
      return { name, state: "met", text: `signed by ${visibleLine(standing.signer, 200)}` };
    case "forged":
      return {
        name,
        state: "violated",
        text: `it names the key of ${visibleLine(standing.signer, 200)}, but that key did not sign this text`,
      };
    case "refused":
      return { name, state: "violated", text: standing.reason };
    case "unknown":
      return {
        name,
        state: isRequired ? "violated" : "note",
        text: `signed by a key that ${owner} does not name`,
      };
    case "unsigned":
      return { name, state: isRequired ? "violated" : "note", text: "not signed" };
  }
}

function subjectCheck(digest: Digest, { subject }: Surroundings): VerifyCheck {
  const name = "subject";
  if (subject === null)
    return { name, state: "note", text: `${digest}; no such version here to compare it with` };
  if (subject.digest === digest) return { name, state: "met", text: `${digest} is ${subject.origin}` };
  return { name, state: "violated", text: `${digest}, but ${subject.origin} is ${subject.digest}` };
}

function ageCheck(at: string, { now, settings }: Surroundings): VerifyCheck {
  const { kind, text } = ageOf(at, now, settings.maxAgeMs);
  return { name: "age", state: kind === "current" ? "met" : "violated", text };
}

function resultFileCheck({ digests }: GateEvidence, { result }: Surroundings): VerifyCheck {
  const name = "result.json";
  if (result === null) return { name, state: "note", text: "not beside it, so not compared" };
  if (result === digests.result) return { name, state: "met", text: "unchanged since the gate" };
  return { name, state: "violated", text: "changed since the gate wrote this evidence" };
}

function resultCheck({ result, verdict, failedTests, complete }: GateEvidence): VerifyCheck {
  const names = failedTests.length === 0 ? "" : `: ${visibleLine(failedTests.join(", "), 300)}`;
  const state = result === "FAILED" || !complete ? "violated" : "met";
  const part = complete ? "" : "; only some of the dataset's cases were chosen";
  return { name: "result", state, text: `${result} (${verdict})${names}${part}` };
}

/** Everything that can be said of evidence of a gate run. */
export function verifyEvidence(evidence: GateEvidence, signed: Signed, around: Surroundings): VerifyCheck[] {
  const { settings } = around;
  const who = `gate run of ${visibleLine(evidence.prompt, 128)} ${visibleLine(evidence.version, 40)}`;
  return [
    { name: "form", state: "met", text: `in-toto statement, ${who} at ${evidence.at}` },
    signatureCheck(evidenceStanding(signed, settings), settings.require === "signed", "evidence.keys"),
    subjectCheck(evidence.digest, around),
    resultFileCheck(evidence, around),
    resultCheck(evidence),
    ageCheck(evidence.at, around),
  ];
}

/** Name -> key of the approvers. */
export function approverKeys(approvers: readonly Approver[]): Record<string, string> {
  return Object.fromEntries(approvers.map(({ name, key }) => [name, key]));
}

/** And of a person's leave: without a signature it is nothing. */
export function verifySignOff(signOff: SignOff, { envelope }: Signed, around: Surroundings): VerifyCheck[] {
  const who = `sign-off of ${visibleLine(signOff.prompt, 128)} ${visibleLine(signOff.version, 40)}`;
  const standing = signatureStanding(envelope, approverKeys(around.approvers));
  return [
    { name: "form", state: "met", text: `in-toto statement, ${who} by ${visibleLine(signOff.by.name, 200)}` },
    signatureCheck(standing, true, "approvers"),
    subjectCheck(signOff.digest, around),
    ageCheck(signOff.at, around),
  ];
}
