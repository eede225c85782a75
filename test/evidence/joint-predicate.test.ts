import { describe, expect, it } from "vitest";
import { textDigest } from "../../src/domain/digest.ts";
import type { GateEvidence } from "../../src/domain/evidence.ts";
import { renderGateStatement } from "../../src/evidence/gate-statement.ts";
import { joinPredicates } from "../../src/evidence/joint-predicate.ts";
import { readAttestation } from "../../src/evidence/read-attestation.ts";
import { anEvidence } from "./an-evidence.ts";

const hasFailed = { verdict: "fail", result: "FAILED", passedTests: [], failedTests: ["price"] } as const;
const another = anEvidence({ prompt: "sorter", digest: textDigest("sorter") });

/** One statement about all of them, as `actions/attest` makes it of several subjects. */
function joint(parts: readonly GateEvidence[], change: object = {}): string {
  const statements = parts.map((evidence) => JSON.parse(renderGateStatement(evidence)));
  const predicates = statements.map(({ subject, predicate }) => ({ prompt: subject[0].name, predicate }));
  return JSON.stringify({
    ...statements[0],
    subject: statements.flatMap(({ subject }) => subject),
    predicate: { ...joinPredicates(predicates), ...change },
  });
}

describe("a statement about several prompts", () => {
  it.each([
    ["both passed", anEvidence(), another],
    ["one passed with a warning", anEvidence({ result: "WARNED", warnedTests: ["cost"] }), another],
    ["one failed", anEvidence(hasFailed), another],
    ["one was not decided", anEvidence({ verdict: "inconclusive", result: "FAILED" }), another],
  ])("says of each what its own run showed: %s", (_, ...parts) => {
    for (const evidence of parts) {
      expect(readAttestation(joint(parts), evidence.prompt)).toMatchObject({ kind: "gate", evidence });
    }
  });

  it("is nothing for a prompt that it is not about, and for nobody in particular", () => {
    const text = joint([anEvidence(), another]);
    expect(readAttestation(text, "writer")).toMatchObject({ kind: "invalid", reason: /none of them/ });
    expect(readAttestation(text)).toMatchObject({ kind: "invalid", reason: /nobody said which/ });
  });

  it.each([
    ["a pass over a part that failed", { result: "PASSED" }, anEvidence(hasFailed)],
    [
      "a pass over a part with a warning",
      { result: "PASSED" },
      anEvidence({ result: "WARNED", warnedTests: ["cost"] }),
    ],
  ])("does not become %s", (_, change, part) => {
    const found = readAttestation(joint([part, another], change), part.prompt);
    const result = found.kind === "gate" ? found.evidence.result : "FAILED";
    expect(result).toBe("FAILED");
  });

  it("needs the names of its parts", () => {
    const [own] = [JSON.parse(renderGateStatement(anEvidence()))];
    const text = joint([anEvidence(), another], { configuration: own.predicate.configuration });
    expect(readAttestation(text, "greeter")).toMatchObject({
      kind: "invalid",
      reason: /does not name dataset/,
    });
  });
});
