import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import {
  envelopeText,
  parseEnvelope,
  preAuthenticationEncoding,
  signatureStanding,
  signEnvelope,
  type Envelope,
} from "../../src/evidence/dsse.ts";
import { createKeys, keyId, parsePublicKey, parseSigningKey } from "../../src/evidence/keys.ts";
import { isPublicKey } from "../../src/domain/evidence.ts";

function aKey() {
  const { privateKey, publicKey } = createKeys();
  return { ...parseSigningKey(privateKey, "the test's key"), pem: privateKey, publicKey };
}

function anEnvelope(text: string, key = aKey()): { envelope: Envelope; key: ReturnType<typeof aKey> } {
  const envelope = parseEnvelope(JSON.parse(signEnvelope(text, key)));
  if (envelope === null) throw new Error("no envelope");
  return { envelope, key };
}

describe("what is signed", () => {
  it.each([
    // The two examples of the DSSE specification.
    {
      type: "http://example.com/HelloWorld",
      body: "hello world",
      encoded: "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    },
    { type: "", body: "", encoded: "DSSEv1 0  0 " },
    // Lengths count bytes, not characters.
    { type: "ü", body: "🚀", encoded: "DSSEv1 2 ü 4 🚀" },
  ])("begins with the lengths of type and body: $encoded", ({ type, body, encoded }) => {
    expect(preAuthenticationEncoding(type, Buffer.from(body, "utf8")).toString("utf8")).toBe(encoded);
  });
});

describe("an envelope", () => {
  it("holds the text and a signature of the key", () => {
    const { envelope, key } = anEnvelope("{}\n");
    expect(envelopeText(envelope)).toBe("{}\n");
    expect(envelope.payloadType).toBe("application/vnd.in-toto+json");
    expect(signatureStanding(envelope, { ci: key.publicKey })).toEqual({ kind: "valid", signer: "ci" });
  });

  it("fits no text but the one that was signed, whatever is changed in it", () => {
    const { envelope, key } = anEnvelope('{"result":"FAILED"}');
    const trusted = { ci: key.publicKey };
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, inSignature) => {
        const [signature] = envelope.signatures;
        const bytes = Buffer.from(inSignature ? (signature?.sig ?? "") : envelope.payload, "base64");
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        const text = bytes.toString("base64");
        const forged: Envelope = inSignature
          ? { ...envelope, signatures: [{ ...signature, sig: text }] }
          : { ...envelope, payload: text };
        expect(signatureStanding(forged, trusted)).toEqual({ kind: "forged", signer: "ci" });
      }),
    );
  });

  it("fits no other type of payload", () => {
    const { envelope, key } = anEnvelope("{}");
    const other = { ...envelope, payloadType: "application/json" };
    expect(signatureStanding(other, { ci: key.publicKey }).kind).toBe("forged");
  });

  it("is worth nothing to somebody who does not know the key, and is not called forged", () => {
    const { envelope } = anEnvelope("{}");
    expect(signatureStanding(envelope, { other: aKey().publicKey })).toEqual({ kind: "unknown" });
    expect(signatureStanding(envelope, {})).toEqual({ kind: "unknown" });
    expect(signatureStanding(null, { other: aKey().publicKey })).toEqual({ kind: "unsigned" });
  });

  it("counts by its signature: the key's id is only a hint", () => {
    const { envelope, key } = anEnvelope("{}");
    const [signature] = envelope.signatures;
    const renamed = { ...envelope, signatures: [{ sig: signature?.sig ?? "" }] };
    expect(signatureStanding(renamed, { ci: key.publicKey }).kind).toBe("valid");
    const stranger = aKey();
    const claimed = {
      ...envelope,
      signatures: [{ sig: signature?.sig ?? "", keyid: keyId(stranger.publicKey) }],
    };
    expect(signatureStanding(claimed, { stranger: stranger.publicKey }).kind).toBe("forged");
  });

  it.each([
    { title: "no signatures", value: { payloadType: "a", payload: "", signatures: [] } },
    {
      title: "a payload that is not base64",
      value: { payloadType: "a", payload: "?", signatures: [{ sig: "" }] },
    },
    { title: "another form", value: { hello: 1 } },
    { title: "no object", value: null },
  ])("is none with $title", ({ value }) => {
    expect(parseEnvelope(value)).toBeNull();
  });
});

describe("keys", () => {
  it("come in the form that the config takes", () => {
    const { publicKey } = createKeys();
    expect(isPublicKey(publicKey)).toBe(true);
    expect(parsePublicKey(publicKey).asymmetricKeyType).toBe("ed25519");
  });

  it("may stand on one line, as settings of a workflow hold them", () => {
    const key = aKey();
    const line = key.pem.trim().replaceAll("\n", "\\n");
    expect(parseSigningKey(line, "the environment").publicKey).toBe(key.publicKey);
  });

  it.each(["", "MCowBQYDK2VwAyEA", "a".repeat(60), `MCowBQYDK2VwAyEA${"A".repeat(42)}B=`])(
    "in public are refused in any other form: %s",
    (text) => {
      expect(isPublicKey(text)).toBe(false);
      expect(() => parsePublicKey(text)).toThrow("no ed25519 public key");
    },
  );

  it("are refused without a word of what they hold", () => {
    const secret = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
    expect(() => parseSigningKey(secret, "ci.key")).toThrow("ci.key holds no private key in PEM");
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    expect(() => parseSigningKey(pem, "ci.key")).toThrow("another kind than ed25519");
  });
});
