import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { GateError } from "../domain/errors.ts";
import { isPublicKey } from "../domain/evidence.ts";

/** A private key and the public one that belongs to it. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  /** As in the config, see `isPublicKey`. */
  readonly publicKey: string;
}

/** SHA-256 of the public key, in hex: which key signed, as a hint that proves nothing. */
export function keyId(publicKey: string): string {
  return createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("hex");
}

function exportPublic(key: KeyObject): string {
  return key.export({ format: "der", type: "spki" }).toString("base64");
}

/** A fresh ed25519 key pair: the private key as PEM (PKCS#8), the public one as the config takes it. */
export function createKeys(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privateKey: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    publicKey: exportPublic(publicKey),
  };
}

/** Reads a private key in PEM; `origin` names it in the message, its text never appears. Throws `USAGE`. */
export function parseSigningKey(pem: string, origin: string): SigningKey {
  let privateKey: KeyObject;
  try {
    // Settings of a workflow often hold one line with written-out line ends.
    privateKey = createPrivateKey(pem.replaceAll("\\n", "\n").trim());
  } catch {
    // The cause may quote the key.
    throw new GateError("USAGE", `${origin} holds no private key in PEM`, {
      hint: "promptgate keys new writes one; of the two files it is the one without .pub",
    });
  }
  if (privateKey.asymmetricKeyType !== "ed25519") {
    throw new GateError("USAGE", `${origin} holds a key of another kind than ed25519`, {
      hint: "promptgate keys new writes one that fits",
    });
  }
  return { privateKey, publicKey: exportPublic(createPublicKey(privateKey)) };
}

/** Reads a public key as the config takes it. Throws `USAGE`. */
export function parsePublicKey(text: string): KeyObject {
  if (!isPublicKey(text)) {
    throw new GateError("USAGE", "that is no ed25519 public key in base64", {
      hint: "promptgate keys new prints one, and FILE.pub holds it",
    });
  }
  return createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
}
