import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { canonicalJson } from "../../src/domain/digest.ts";
import { PAYLOAD_TYPE, preAuthenticationEncoding } from "../../src/evidence/dsse.ts";

interface Key {
  readonly privateKey: KeyObject;
  /** DER of its SPKI form. */
  readonly spki: Buffer;
}

/** What a certificate says about who signed, and when it holds. */
interface Identity {
  /** `OWNER/REPO/.github/workflows/FILE@REF`. */
  readonly workflow: string;
  /** `OWNER/REPO` that the workflow ran for; null leaves the extension out. */
  readonly repository: string | null;
  readonly issuer: string;
}

interface Signing {
  readonly identity?: Partial<Identity>;
  /** When the log saw the signature; the certificate holds for ten minutes from `issued`. */
  readonly signedAt?: number;
  readonly issued?: number;
  /** Leaves the certificate's own log out. */
  readonly withoutTimestamp?: boolean;
}

/** An authority as Sigstore has one: it certifies workflows, and two logs vouch for what they saw. */
export interface SigstoreAuthority {
  /** As `gh attestation trusted-root` prints it. */
  readonly trustedRoot: string;
  /** The statement in a bundle, signed by a key that lives for this signature alone. */
  attest(statement: string, signing?: Signing): string;
}

export const WORKFLOW = "o/r/.github/workflows/prompt-gate.yml@refs/heads/main";
const NOW = Date.UTC(2026, 10, 20, 12);
const LOG = "https://rekor.test";

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

function newKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey, spki: publicKey.export({ format: "der", type: "spki" }) };
}

/** One value of DER: its tag, its length, its content. */
function der(tag: number, ...content: (Uint8Array | readonly number[])[]): Buffer {
  const body = Buffer.concat(content.map((each) => Buffer.from(each)));
  const { length } = body;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const base128 = (value: number): number[] => {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
    digits.unshift((left % 128) + 128);
  }
  return digits;
};

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  return der(6, [first * 40 + second, ...rest.flatMap(base128)]);
}

const text = (value: string): Buffer => der(12, Buffer.from(value, "utf8"));
const extension = (id: string, value: Uint8Array): Buffer => der(0x30, oid(id), der(4, value));
const name = (value: string): Buffer => der(0x30, der(0x31, der(0x30, oid("2.5.4.3"), text(value))));
const time = (at: number): Buffer =>
  der(24, Buffer.from(`${new Date(at).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`));
const ECDSA_SHA256 = der(0x30, oid("1.2.840.10045.4.3.2"));

interface Certified {
  readonly subject: string;
  readonly issuer: string;
  readonly spki: Buffer;
  readonly from: number;
  readonly to: number;
  readonly extensions: readonly Uint8Array[];
}

function toBeSigned({ subject, issuer, spki, from, to, extensions }: Certified): Buffer {
  return der(
    0x30,
    der(0xa0, der(2, [2])),
    der(2, [1]),
    ECDSA_SHA256,
    name(issuer),
    der(0x30, time(from), time(to)),
    name(subject),
    spki,
    der(0xa3, der(0x30, ...extensions)),
  );
}

function certificate(body: Buffer, { privateKey }: Key): Buffer {
  return der(0x30, body, ECDSA_SHA256, der(3, [0], sign("sha256", body, privateKey)));
}

function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(BigInt(value));
  return buffer.subarray(8 - bytes);
}

/** RFC 6962: the log's word that it has seen a certificate, as an extension of it. */
function certificateTimestamp(body: Buffer, issuer: Key, log: Key, at: number): Buffer {
  const entry = Buffer.concat([sha256(issuer.spki), uint(body.length, 3), body]);
  const signed = Buffer.concat([Buffer.from([0, 0]), uint(at, 8), uint(1, 2), entry, uint(0, 2)]);
  const signature = sign("sha256", signed, log.privateKey);
  const timestamp = Buffer.concat([
    Buffer.from([0]),
    sha256(log.spki),
    uint(at, 8),
    uint(0, 2),
    Buffer.from([4, 3]),
    uint(signature.length, 2),
    signature,
  ]);
  const list = Buffer.concat([uint(timestamp.length, 2), timestamp]);
  return extension("1.3.6.1.4.1.11129.2.4.2", der(4, uint(list.length, 2), list));
}

function leaf(key: Key, identity: Identity, authority: Key, log: Key, issued: number, bare: boolean): Buffer {
  const fulcio = (id: number, value: string): Buffer => extension(`1.3.6.1.4.1.57264.1.${id}`, text(value));
  const uri = der(0x86, Buffer.from(`https://github.com/${identity.workflow}`));
  const extensions = [
    extension("2.5.29.17", der(0x30, uri)),
    fulcio(8, identity.issuer),
    ...(identity.repository === null ? [] : [fulcio(12, `https://github.com/${identity.repository}`)]),
  ];
  const certified = {
    subject: "leaf",
    issuer: "authority",
    spki: key.spki,
    from: issued,
    to: issued + 600_000,
  };
  const stamp = certificateTimestamp(toBeSigned({ ...certified, extensions }), authority, log, issued);
  return certificate(
    toBeSigned({ ...certified, extensions: bare ? extensions : [...extensions, stamp] }),
    authority,
  );
}

/** What the log of signatures answers: a promise, and the proof that the entry is the log's only one. */
function logEntry(body: Buffer, log: Key, at: number): Record<string, unknown> {
  const integratedTime = Math.floor(at / 1000);
  const logId = sha256(log.spki);
  const promise = canonicalJson({
    body: body.toString("base64"),
    integratedTime,
    logIndex: 0,
    logID: logId.toString("hex"),
  });
  const root = sha256(Buffer.from([0]), body);
  const note = `rekor.test\n1\n${root.toString("base64")}\n`;
  const signature = Buffer.concat([logId.subarray(0, 4), sign("sha256", Buffer.from(note), log.privateKey)]);
  return {
    logIndex: "0",
    logId: { keyId: logId.toString("base64") },
    kindVersion: { kind: "dsse", version: "0.0.1" },
    integratedTime: String(integratedTime),
    inclusionPromise: {
      signedEntryTimestamp: sign("sha256", Buffer.from(promise), log.privateKey).toString("base64"),
    },
    inclusionProof: {
      logIndex: "0",
      rootHash: root.toString("base64"),
      treeSize: "1",
      hashes: [],
      checkpoint: { envelope: `${note}\n\u2014 rekor.test ${signature.toString("base64")}\n` },
    },
    canonicalizedBody: body.toString("base64"),
  };
}

export function sigstoreAuthority(): SigstoreAuthority {
  const [authority, certificates, signatures] = [newKey(), newKey(), newKey()];
  const always = { start: "2020-01-01T00:00:00Z" };
  const logOf = (key: Key, baseUrl: string): Record<string, unknown> => ({
    baseUrl,
    hashAlgorithm: "SHA2_256",
    publicKey: {
      rawBytes: key.spki.toString("base64"),
      keyDetails: "PKIX_ECDSA_P256_SHA_256",
      validFor: always,
    },
    logId: { keyId: sha256(key.spki).toString("base64") },
  });
  const root = certificate(
    toBeSigned({
      subject: "authority",
      issuer: "authority",
      spki: authority.spki,
      from: Date.UTC(2020, 0),
      to: Date.UTC(2040, 0),
      extensions: [extension("2.5.29.19", der(0x30, der(1, [255]))), extension("2.5.29.15", der(3, [1, 6]))],
    }),
    authority,
  );
  const trustedRoot = JSON.stringify({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [logOf(signatures, LOG)],
    certificateAuthorities: [
      {
        subject: { organization: "test", commonName: "authority" },
        uri: "https://fulcio.test",
        certChain: { certificates: [{ rawBytes: root.toString("base64") }] },
        validFor: always,
      },
    ],
    ctlogs: [logOf(certificates, "https://ctfe.test")],
    timestampAuthorities: [],
  });

  function attest(statement: string, signing: Signing = {}): string {
    const { issued = NOW, signedAt = issued + 60_000, withoutTimestamp = false } = signing;
    const identity = {
      workflow: WORKFLOW,
      repository: "o/r",
      issuer: "https://token.actions.githubusercontent.com",
      ...signing.identity,
    };
    const key = newKey();
    const payload = Buffer.from(statement, "utf8");
    const signature = sign("sha256", preAuthenticationEncoding(PAYLOAD_TYPE, payload), key.privateKey);
    const certified = leaf(key, identity, authority, certificates, issued, withoutTimestamp);
    const body = canonicalJson({
      apiVersion: "0.0.1",
      kind: "dsse",
      spec: {
        payloadHash: { algorithm: "sha256", value: sha256(payload).toString("hex") },
        signatures: [{ signature: signature.toString("base64"), verifier: certified.toString("base64") }],
      },
    });
    return JSON.stringify({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: {
        tlogEntries: [logEntry(Buffer.from(body), signatures, signedAt)],
        timestampVerificationData: { rfc3161Timestamps: [] },
        certificate: { rawBytes: certified.toString("base64") },
      },
      dsseEnvelope: {
        payload: payload.toString("base64"),
        payloadType: PAYLOAD_TYPE,
        signatures: [{ sig: signature.toString("base64"), keyid: "" }],
      },
    });
  }

  return { trustedRoot, attest };
}
