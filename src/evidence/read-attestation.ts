import * as z from "zod";
import type { GateEvidence, SignOff } from "../domain/evidence.ts";
import { visibleLine } from "../domain/visible.ts";
import { envelopeText, parseEnvelope, PAYLOAD_TYPE, type Envelope } from "./dsse.ts";
import { readGatePredicate, subjectSchema, TEST_RESULT } from "./gate-statement.ts";
import { readSignOffPredicate, SIGN_OFF } from "./sign-off.ts";
import { STATEMENT_TYPE } from "./statement.ts";

/** What a text claims. It proves nothing before its signatures were looked at; `envelope` is null without any. */
export type Attestation =
  | { readonly kind: "gate"; readonly evidence: GateEvidence; readonly envelope: Envelope | null }
  | { readonly kind: "sign-off"; readonly signOff: SignOff; readonly envelope: Envelope | null }
  /** `reason` is a sentence without a subject, e.g. "it is not JSON". */
  | { readonly kind: "invalid"; readonly reason: string };

const statementSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(subjectSchema).length(1),
  predicateType: z.string(),
  predicate: z.unknown(),
});

function invalid(reason: string): Attestation {
  return { kind: "invalid", reason: visibleLine(reason, 300) };
}

function readStatement(value: unknown, envelope: Envelope | null): Attestation {
  const parsed = statementSchema.safeParse(value);
  const [subject] = parsed.data?.subject ?? [];
  if (!parsed.success || subject === undefined) {
    return invalid("it is no in-toto statement about one prompt with a sha256 digest");
  }
  const { predicateType, predicate } = parsed.data;
  switch (predicateType) {
    case TEST_RESULT: {
      const evidence = readGatePredicate(subject, predicate);
      return typeof evidence === "string" ? invalid(evidence) : { kind: "gate", evidence, envelope };
    }
    case SIGN_OFF: {
      const signOff = readSignOffPredicate(subject, predicate);
      return typeof signOff === "string" ? invalid(signOff) : { kind: "sign-off", signOff, envelope };
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

/** Reads a statement, bare or in a DSSE envelope. Never throws. */
export function readAttestation(text: string): Attestation {
  const outer = parseJson(text);
  if (outer === null) return invalid("it is not JSON");
  const envelope = parseEnvelope(outer.value);
  if (envelope === null) return readStatement(outer.value, null);
  if (envelope.payloadType !== PAYLOAD_TYPE) {
    return invalid(`it is an envelope around ${envelope.payloadType}, not around an in-toto statement`);
  }
  const inner = parseJson(envelopeText(envelope));
  return inner === null ? invalid("its payload is not JSON") : readStatement(inner.value, envelope);
}
