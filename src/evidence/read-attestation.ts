import * as z from "zod";
import type { GateEvidence, SignOff } from "../domain/evidence.ts";
import { visibleLine } from "../domain/visible.ts";
import { envelopeText, parseEnvelope, PAYLOAD_TYPE } from "./dsse.ts";
import type { Signed } from "./evidence-standing.ts";
import { readGatePredicate, subjectSchema, TEST_RESULT } from "./gate-statement.ts";
import { partOf } from "./joint-predicate.ts";
import { readSignOffPredicate, SIGN_OFF } from "./sign-off.ts";
import { STATEMENT_TYPE } from "./statement.ts";

/** What a text claims. It proves nothing before its signatures were looked at. */
export type Attestation =
  | (Signed & { readonly kind: "gate"; readonly evidence: GateEvidence })
  | (Signed & { readonly kind: "sign-off"; readonly signOff: SignOff })
  /** `reason` is a sentence without a subject, e.g. "it is not JSON". */
  | { readonly kind: "invalid"; readonly reason: string };

const MOST_SUBJECTS = 1_024;

const statementSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(subjectSchema).min(1).max(MOST_SUBJECTS),
  predicateType: z.string(),
  predicate: z.unknown(),
});

// Sigstore's form of a signed statement; all but the envelope is looked at when it is verified.
const bundleSchema = z.object({
  mediaType: z.string().startsWith("application/vnd.dev.sigstore.bundle"),
  dsseEnvelope: z.unknown(),
});

const attestationsSchema = z.object({ attestations: z.array(z.object({ bundle: z.unknown() })).min(1) });

function invalid(reason: string): Attestation {
  return { kind: "invalid", reason: visibleLine(reason, 300) };
}

function readStatement(value: unknown, signed: Signed, prompt: string | undefined): Attestation {
  const parsed = statementSchema.safeParse(value);
  if (!parsed.success) return invalid("it is no in-toto statement about a prompt with a sha256 digest");
  const { predicateType, predicate, subject: subjects } = parsed.data;
  const [first, ...others] = subjects;
  const isOne = others.length === 0;
  const subject = isOne ? first : subjects.find(({ name }) => name === prompt);
  if (subject === undefined) {
    const which = prompt === undefined ? "and nobody said which one is meant" : "none of them this one";
    return invalid(`it is about ${subjects.length} prompts, ${which}`);
  }
  switch (predicateType) {
    case TEST_RESULT: {
      const evidence = readGatePredicate(subject, isOne ? predicate : partOf(predicate, subject.name));
      return typeof evidence === "string" ? invalid(evidence) : { kind: "gate", evidence, ...signed };
    }
    case SIGN_OFF: {
      if (!isOne) return invalid("a sign-off is about one prompt");
      const signOff = readSignOffPredicate(subject, predicate);
      return typeof signOff === "string" ? invalid(signOff) : { kind: "sign-off", signOff, ...signed };
    }
    default:
      return invalid(`its predicate is ${predicateType}, neither a gate's result nor a sign-off`);
  }
}

function parseJson(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

/**
 * The attestations of a file: one, one a line as `gh attestation download` writes them, or the answer of GitHub's
 * interface.
 */
export function attestationTexts(text: string): string[] {
  const whole = parseJson(text);
  if (whole !== null) {
    const list = attestationsSchema.safeParse(whole.value);
    return list.success ? list.data.attestations.map(({ bundle }) => JSON.stringify(bundle)) : [text];
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length > 1 && lines.every((line) => parseJson(line) !== null) ? lines : [text];
}

/**
 * Reads a statement, bare, in a DSSE envelope or in a Sigstore bundle. `prompt` says which part of a statement about
 * several prompts is meant. Never throws.
 */
export function readAttestation(text: string, prompt?: string): Attestation {
  const outer = parseJson(text);
  if (outer === null) return invalid("it is not JSON");
  const isBundle = bundleSchema.safeParse(outer.value);
  const envelope = parseEnvelope(isBundle.success ? isBundle.data.dsseEnvelope : outer.value);
  if (envelope === null) {
    if (isBundle.success) return invalid("it is a Sigstore bundle without a statement");
    return readStatement(outer.value, { envelope: null, bundle: null }, prompt);
  }
  if (envelope.payloadType !== PAYLOAD_TYPE) {
    return invalid(`it is an envelope around ${envelope.payloadType}, not around an in-toto statement`);
  }
  const inner = parseJson(envelopeText(envelope));
  if (inner === null) return invalid("its payload is not JSON");
  return readStatement(inner.value, { envelope, bundle: isBundle.success ? text : null }, prompt);
}
