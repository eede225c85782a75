import { textDigest } from "../../src/domain/digest.ts";
import type { GateEvidence } from "../../src/domain/evidence.ts";

/** Evidence of a run that passed. */
export function anEvidence(fields: Partial<GateEvidence> = {}): GateEvidence {
  return {
    prompt: "greeter",
    digest: textDigest("candidate"),
    version: "1.1.0",
    verdict: "pass",
    result: "PASSED",
    tier: { declared: "minor", required: "minor", applied: "minor" },
    baseline: { version: "1.0.0", digest: textDigest("baseline") },
    digests: {
      dataset: textDigest("dataset"),
      judges: textDigest("judges"),
      policy: textDigest("policy"),
      result: textDigest("result"),
    },
    complete: true,
    models: [{ role: "candidate", provider: "openai", model: "gpt-4o-mini-2024-07-18" }],
    scores: [{ name: "price", baseline: 0.9, candidate: 0.92 }],
    waivers: [],
    at: "2026-11-20T00:00:00.000Z",
    promptgate: "0.1.0",
    passedTests: ["price"],
    warnedTests: [],
    failedTests: [],
    ...fields,
  };
}
