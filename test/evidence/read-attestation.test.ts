import { describe, expect, it } from "vitest";
import { textDigest } from "../../src/domain/digest.ts";
import type { SignOff } from "../../src/domain/evidence.ts";
import { signEnvelope } from "../../src/evidence/dsse.ts";
import { renderGateStatement } from "../../src/evidence/gate-statement.ts";
import { createKeys, parseSigningKey } from "../../src/evidence/keys.ts";
import { readAttestation } from "../../src/evidence/read-attestation.ts";
import { renderSignOff } from "../../src/evidence/sign-off.ts";
import { anEvidence } from "./an-evidence.ts";

const key = parseSigningKey(createKeys().privateKey, "the test's key");

const signOff: SignOff = {
  prompt: "greeter",
  digest: textDigest("candidate"),
  version: "2.0.0",
  by: { name: "Bea Lee", email: "bea@example.com" },
  at: "2026-11-20T00:00:00.000Z",
  reason: "read it twice",
};

function statement(change: (value: Record<string, object>) => unknown): string {
  return JSON.stringify(change(JSON.parse(renderGateStatement(anEvidence())) as Record<string, object>));
}

describe("the statement of a gate run", () => {
  it("has the form that in-toto asks for", () => {
    expect(JSON.parse(renderGateStatement(anEvidence()))).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "greeter", digest: { sha256: anEvidence().digest.slice(7) } }],
      predicateType: "https://in-toto.io/attestation/test-result/v0.1",
      predicate: {
        result: "PASSED",
        configuration: [
          { name: "dataset", digest: { sha256: textDigest("dataset").slice(7) } },
          { name: "judges" },
          { name: "policy" },
          { name: "baseline", annotations: { version: "1.0.0" } },
          { name: "result.json", annotations: { verdict: "pass", version: "1.1.0" } },
        ],
        passedTests: ["price"],
      },
    });
  });

  it.each([
    { title: "a pass", evidence: anEvidence() },
    { title: "a first version, without a baseline", evidence: anEvidence({ baseline: null }) },
    {
      title: "a run that did not decide",
      evidence: anEvidence({ verdict: "inconclusive", result: "FAILED" }),
    },
    {
      title: "waivers and judges",
      evidence: anEvidence({
        result: "WARNED",
        warnedTests: ["latency"],
        models: [{ role: "judge", provider: "openai", model: "gpt-4o", metric: "faithfulness" }],
        waivers: [
          { prompt: null, case: "c1", metric: null, owner: "ana", reason: "old", expires: "2026-12-31" },
        ],
      }),
    },
  ])("is read back as it was written: $title", ({ evidence }) => {
    expect(readAttestation(renderGateStatement(evidence))).toEqual({
      kind: "gate",
      evidence,
      envelope: null,
      bundle: null,
    });
    const signed = readAttestation(signEnvelope(renderGateStatement(evidence), key));
    expect(signed).toMatchObject({ kind: "gate", evidence });
  });

  it("is read with fields that a later version adds", () => {
    const text = statement((value) => ({
      ...value,
      later: true,
      predicate: { ...value["predicate"], url: "x" },
    }));
    expect(readAttestation(text).kind).toBe("gate");
  });
});

describe("a sign-off", () => {
  it("is read back as it was written", () => {
    expect(readAttestation(renderSignOff(signOff))).toEqual({
      kind: "sign-off",
      signOff,
      envelope: null,
      bundle: null,
    });
  });
});

describe("what is no evidence", () => {
  it.each([
    { text: "", reason: /not JSON/ },
    { text: "{}", reason: /no in-toto statement/ },
    { text: "[]", reason: /no in-toto statement/ },
    {
      text: statement((value) => ({ ...value, subject: [] })),
      reason: /no in-toto statement about a prompt/,
    },
    {
      text: statement((value) => ({ ...value, _type: "https://in-toto.io/Statement/v0.1" })),
      reason: /no in-toto/,
    },
    {
      text: statement((value) => ({ ...value, predicateType: "https://slsa.dev/provenance/v1" })),
      reason: /its predicate is/,
    },
    {
      text: statement((value) => ({ ...value, predicate: { result: "PASSED", configuration: [] } })),
      reason: /does not name dataset/,
    },
    {
      text: renderGateStatement(anEvidence({ verdict: "fail", result: "PASSED" })),
      reason: /contradicts itself/,
    },
    {
      text: JSON.stringify({ payloadType: "text/plain", payload: "", signatures: [{ sig: "" }] }),
      reason: /envelope around text\/plain/,
    },
    {
      text: JSON.stringify({
        payloadType: "application/vnd.in-toto+json",
        payload: "Pz8=",
        signatures: [{ sig: "" }],
      }),
      reason: /payload is not JSON/,
    },
  ])("says why: $reason", ({ text, reason }) => {
    expect(readAttestation(text)).toEqual({
      kind: "invalid",
      reason: expect.stringMatching(reason) as string,
    });
  });

  it("is never quoted with what a terminal would obey", () => {
    const text = statement((value) => ({ ...value, predicateType: "\u001b[2Jhello" }));
    expect(JSON.stringify(readAttestation(text))).not.toMatch(/\\u001b\[/);
  });
});
