import { sign, verify } from "node:crypto";
import * as z from "zod";
import { keyId, parsePublicKey, type SigningKey } from "./keys.ts";

/** Media type of in-toto statements inside an envelope. */
export const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** A signed text as DSSE has it; `payload` and `sig` are base64. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid?: string | undefined; readonly sig: string }[];
}

// An encoder may leave out the padding or use the URL alphabet; anything else is damage.
const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/);

const envelopeSchema = z.object({
  payloadType: z.string(),
  payload: base64,
  signatures: z
    .array(z.object({ keyid: z.string().optional(), sig: base64 }))
    .min(1)
    .max(100),
}) satisfies z.ZodType<Envelope>;

/** What is signed: lengths in bytes, so that no two pairs of type and body look the same (DSSE v1, "PAE"). */
export function preAuthenticationEncoding(type: string, body: Uint8Array): Buffer {
  const typeLength = Buffer.byteLength(type, "utf8");
  return Buffer.concat([Buffer.from(`DSSEv1 ${typeLength} ${type} ${body.length} `, "utf8"), body]);
}

/** The text of an envelope that holds `text`, signed by the key. */
export function signEnvelope(text: string, { privateKey, publicKey }: SigningKey): string {
  const body = Buffer.from(text, "utf8");
  const sig = sign(null, preAuthenticationEncoding(PAYLOAD_TYPE, body), privateKey).toString("base64");
  const envelope: Envelope = {
    payloadType: PAYLOAD_TYPE,
    payload: body.toString("base64"),
    signatures: [{ keyid: keyId(publicKey), sig }],
  };
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

/** Null when the value is no envelope. */
export function parseEnvelope(value: unknown): Envelope | null {
  return envelopeSchema.safeParse(value).data ?? null;
}

/** The text inside; it proves nothing before a signature was verified. */
export function envelopeText({ payload }: Envelope): string {
  return Buffer.from(payload, "base64").toString("utf8");
}

/** What the signatures of an envelope say to somebody who trusts these keys. */
export type SignatureStanding =
  | { readonly kind: "unsigned" }
  /** By a trusted key; `signer` is its name. */
  | { readonly kind: "valid"; readonly signer: string }
  /** By keys that nobody here knows: worth as much as no signature. */
  | { readonly kind: "unknown" }
  /** It names a trusted key, which did not sign this text. */
  | { readonly kind: "forged"; readonly signer: string };

function isSignedBy({ payloadType, payload }: Envelope, sig: string, publicKey: string): boolean {
  const encoded = preAuthenticationEncoding(payloadType, Buffer.from(payload, "base64"));
  return verify(null, encoded, parsePublicKey(publicKey), Buffer.from(sig, "base64"));
}

/** Holds every signature against every trusted key: the key's id inside the envelope is only a hint. */
export function signatureStanding(
  envelope: Envelope | null,
  trusted: Readonly<Record<string, string>>,
): SignatureStanding {
  if (envelope === null) return { kind: "unsigned" };
  const keys = Object.entries(trusted);
  for (const { sig } of envelope.signatures) {
    const found = keys.find(([, publicKey]) => isSignedBy(envelope, sig, publicKey));
    if (found !== undefined) return { kind: "valid", signer: found[0] };
  }
  const claimed = new Set(envelope.signatures.map(({ keyid }) => keyid));
  const victim = keys.find(([, publicKey]) => claimed.has(keyId(publicKey)));
  return victim === undefined ? { kind: "unknown" } : { kind: "forged", signer: victim[0] };
}
