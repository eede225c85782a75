import { describe, expect, it } from "vitest";
import type { GitHubSigners } from "../../src/domain/evidence.ts";
import { evidenceStanding } from "../../src/evidence/evidence-standing.ts";
import { renderGateStatement } from "../../src/evidence/gate-statement.ts";
import { attestationTexts, readAttestation } from "../../src/evidence/read-attestation.ts";
import { verifyBundle } from "../../src/evidence/sigstore-bundle.ts";
import { anEvidence } from "./an-evidence.ts";
import { sigstoreAuthority, WORKFLOW } from "./sigstore-authority.ts";

const authority = sigstoreAuthority();
const statement = renderGateStatement(anEvidence());
const github: GitHubSigners = { workflows: [WORKFLOW], trustedRoot: authority.trustedRoot };
const bundle = authority.attest(statement);

// oxlint-disable-next-line typescript/no-explicit-any
type Document = any;

function changed(change: (document: Document) => void): string {
  const document: Document = JSON.parse(bundle);
  change(document);
  return JSON.stringify(document);
}

/** The text with one bit of its first byte turned. */
function turned(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes.toString("base64");
}

const refused = (reason: RegExp): Record<string, unknown> => ({
  kind: "refused",
  reason: expect.stringMatching(reason) as string,
});

describe("an attestation by GitHub", () => {
  it("counts when a workflow that the config names signed it", () => {
    expect(verifyBundle(bundle, github)).toEqual({ kind: "valid", workflow: WORKFLOW });
  });

  it("is held against several trusted roots, one a line", () => {
    const other = sigstoreAuthority().trustedRoot;
    const trustedRoot = `${other}\n${authority.trustedRoot}\n`;
    expect(verifyBundle(bundle, { ...github, trustedRoot }).kind).toBe("valid");
  });

  it("is held against a trusted root that is written over many lines", () => {
    const trustedRoot = JSON.stringify(JSON.parse(authority.trustedRoot), null, 2);
    expect(verifyBundle(bundle, { ...github, trustedRoot }).kind).toBe("valid");
  });

  it.each([
    [
      "another repository",
      { workflow: WORKFLOW.replace("o/r", "eve/r"), repository: "eve/r" },
      /does not name/,
    ],
    ["another workflow", { workflow: WORKFLOW.replace("prompt-gate", "other") }, /does not name/],
    ["another branch", { workflow: WORKFLOW.replace("main", "eve") }, /does not name/],
    ["a pull request", { workflow: WORKFLOW.replace("heads/main", "pull/7/merge") }, /does not name/],
    ["a name that ours is the beginning of", { workflow: `${WORKFLOW}-eve` }, /does not name/],
    ["our workflow, called by another repository", { repository: "eve/r" }, /ran for another repository/],
    ["a certificate without a repository", { repository: null }, /ran for another repository/],
    ["another issuer", { issuer: "https://accounts.example.com" }, /no workflow of GitHub signed it/],
  ])("does not count from %s", (_, identity, reason) => {
    expect(verifyBundle(authority.attest(statement, { identity }), github)).toEqual(refused(reason));
  });

  it.each([
    ["was signed after its certificate had expired", { signedAt: Date.UTC(2026, 10, 20, 13) }, /certificate/],
    ["was signed before its certificate held", { signedAt: Date.UTC(2026, 10, 19) }, /certificate/],
    ["has a certificate that no log has seen", { withoutTimestamp: true }, /SCT/],
  ])("does not count when it %s", (_, signing, reason) => {
    expect(verifyBundle(authority.attest(statement, signing), github)).toEqual(refused(reason));
  });

  it.each<[string, (document: Document) => void]>([
    [
      "another statement",
      ({ dsseEnvelope }) =>
        (dsseEnvelope.payload = Buffer.from(statement.replace("PASSED", "WARNED")).toString("base64")),
    ],
    [
      "a signature that is damaged",
      ({ dsseEnvelope }) => (dsseEnvelope.signatures[0].sig = turned(dsseEnvelope.signatures[0].sig)),
    ],
    ["no signature", ({ dsseEnvelope }) => (dsseEnvelope.signatures = [])],
    [
      "a certificate that is damaged",
      ({ verificationMaterial: each }) => (each.certificate.rawBytes = turned(each.certificate.rawBytes)),
    ],
    ["no entry of a log", ({ verificationMaterial: each }) => (each.tlogEntries = [])],
    ["another time", ({ verificationMaterial: each }) => (each.tlogEntries[0].integratedTime = "1")],
    [
      "the entry of another signature",
      ({ verificationMaterial: each }) =>
        (each.tlogEntries = JSON.parse(authority.attest(statement)).verificationMaterial.tlogEntries),
    ],
    [
      "a promise that is damaged",
      ({
        verificationMaterial: {
          tlogEntries: [entry],
        },
      }) =>
        (entry.inclusionPromise.signedEntryTimestamp = turned(entry.inclusionPromise.signedEntryTimestamp)),
    ],
    [
      "a proof of another tree",
      ({
        verificationMaterial: {
          tlogEntries: [entry],
        },
      }) =>
        (entry.inclusionProof.checkpoint.envelope = entry.inclusionProof.checkpoint.envelope.replace(
          "\n1\n",
          "\n2\n",
        )),
    ],
    [
      "a bare key in the place of a certificate",
      ({ verificationMaterial: each }) => {
        each.publicKey = { hint: "ci" };
        delete each.certificate;
      },
    ],
    [
      "a signature of something else beside the statement",
      (document) => {
        const messageDigest = { algorithm: "SHA2_256", digest: "AAAA" };
        document.messageSignature = { messageDigest, signature: document.dsseEnvelope.signatures[0].sig };
      },
    ],
    ["no material at all", (document) => delete document.verificationMaterial],
    ["an unknown form", (document) => (document.mediaType = "application/vnd.dev.sigstore.bundle.v9+json")],
  ])("does not count with %s", (_, change) => {
    expect(verifyBundle(changed(change), github).kind).toBe("refused");
  });

  it("does not count under the root of another authority", () => {
    const { trustedRoot } = sigstoreAuthority();
    expect(verifyBundle(bundle, { ...github, trustedRoot })).toEqual(refused(/certificate/));
  });

  it("needs a timestamp under a root without logs, as private repositories have it", () => {
    const root: Document = JSON.parse(authority.trustedRoot);
    const trustedRoot = JSON.stringify({ ...root, tlogs: [], ctlogs: [] });
    expect(verifyBundle(bundle, { ...github, trustedRoot }).kind).toBe("refused");
    const bare = changed(({ verificationMaterial: each }) => (each.tlogEntries = []));
    expect(verifyBundle(bare, { ...github, trustedRoot })).toEqual(refused(/timestamp/));
  });

  it.each(["", "{}", "[]", "not json", "{\n", '{"certificateAuthorities":[]}', "{}\n{}"])(
    "is not held against %j, which is no trusted root",
    (trustedRoot) => {
      expect(() => verifyBundle(bundle, { ...github, trustedRoot })).toThrow(/no trusted root of Sigstore/);
    },
  );
});

const read = (text: string): Document => readAttestation(text);

describe("evidence in an attestation by GitHub", () => {
  const settings = { keys: {}, github };
  it("is read like any other", () => {
    const found = read(bundle);
    expect(found).toMatchObject({ kind: "gate", evidence: anEvidence() });
    expect(evidenceStanding(found, settings)).toEqual({ kind: "valid", signer: WORKFLOW });
  });

  it("is never as good as unsigned: without a workflow that counts it is refused", () => {
    expect(evidenceStanding(read(bundle), { keys: {}, github: null })).toEqual(refused(/evidence\.github/));
    const forged = changed(({ dsseEnvelope }) => (dsseEnvelope.signatures[0].sig = "AAAA"));
    expect(evidenceStanding(read(forged), settings)).toEqual(refused(/does not count/));
  });

  it.each([
    ["one bundle", bundle, 1],
    ["one a line", `${bundle}\n${bundle}\n`, 2],
    [
      "the answer of GitHub's interface",
      JSON.stringify({ attestations: [{ bundle: JSON.parse(bundle), repository_id: 1 }] }),
      1,
    ],
    ["a statement over many lines", JSON.stringify(JSON.parse(statement), null, 2), 1],
    ["lines of something else", "a\nb\n", 1],
    ["nothing", "", 1],
  ])("is found in %s", (_, text, count) => {
    const texts = attestationTexts(text);
    expect(texts).toHaveLength(count);
    expect(read(texts[0] ?? "").kind).toBe(text.includes("in-toto") ? "gate" : "invalid");
  });

  it("says why where a bundle holds none, or is cut off", () => {
    const empty = JSON.stringify({ mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json" });
    expect(read(empty)).toMatchObject({ kind: "invalid", reason: /without a statement/ });
    expect(read(bundle.slice(0, -40))).toMatchObject({ kind: "invalid", reason: "it is not JSON" });
  });
});
