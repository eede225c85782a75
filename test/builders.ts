import type { Case } from "../src/domain/case.ts";
import { textDigest } from "../src/domain/digest.ts";
import type { CaseChange, GateResult, PromptGateResult } from "../src/domain/gate-result.ts";
import type { MetricResult } from "../src/domain/scores.ts";

/** A case with nothing but an id and a question; say what matters to the test. */
export function aCase(fields: Partial<Case> = {}): Case {
  return {
    id: "refund-017",
    vars: { query: "How long do refunds take?" },
    tags: [],
    critical: false,
    split: "golden",
    assert: [],
    ...fields,
  };
}

/** A judged metric that passed after one look at all of 200 cases. */
export function aMetricResult(fields: Partial<MetricResult> = {}): MetricResult {
  return {
    name: "faithfulness",
    verdict: "pass",
    reason: "a drop of 5 points or more is ruled out",
    kind: "judge",
    level: "error",
    margin: 0.05,
    maxIncrease: null,
    min: 0.75,
    max: null,
    alphaMiss: 0.05,
    alphaBlock: 0.05,
    n: 200,
    used: 122,
    unscored: 0,
    baseline: 0.84,
    candidate: 0.842,
    delta: 0.002,
    interval: { low: -0.021, high: 0.025, level: 0.95 },
    wins: 9,
    losses: 8,
    ties: 105,
    mcnemarP: null,
    minimumDetectableDrop: 0.038,
    lengthAdjusted: null,
    judging: null,
    ...fields,
  };
}

/** A case that got worse on one metric. */
export function aCaseChange(fields: Partial<CaseChange> = {}): CaseChange {
  return {
    id: "refund-017",
    metric: "faithfulness",
    baseline: 1,
    candidate: 0,
    reason: "The context says 30 days; the answer says 60 days.",
    baselineOutput: "You can return it within 30 days.",
    candidateOutput: "You can return it within 60 days.",
    ...fields,
  };
}

/** One prompt whose candidate passed. */
export function aPromptGateResult(fields: Partial<PromptGateResult> = {}): PromptGateResult {
  return {
    name: "customer-support",
    verdict: "pass",
    headline:
      "On 122 of 200 cases the new prompt scored 0.842, production 0.840. A drop of 5 points or more is ruled out.",
    reasons: ["faithfulness: a drop of 5 points or more is ruled out"],
    warnings: [],
    tier: {
      declared: "minor",
      required: "minor",
      applied: "minor",
      findings: [{ tier: "minor", path: "messages[0]", message: "a sentence was added" }],
    },
    candidate: {
      version: "2.4.0",
      digest: textDigest("candidate"),
      source: "prompts/customer-support.prompt.yml",
    },
    baseline: { version: "2.3.1", digest: textDigest("baseline"), label: "production" },
    models: [
      { role: "baseline", provider: "openai", model: "gpt-4o-mini-2024-07-18" },
      { role: "candidate", provider: "openai", model: "gpt-4o-mini-2024-07-18" },
      { role: "judge", provider: "openai", model: "gpt-4o-2024-11-20", metric: "faithfulness" },
    ],
    plan: {
      cases: 200,
      maxCases: 200,
      looks: [61, 122, 183, 200],
      calls: { generation: 400, judge: 400 },
      metrics: [
        {
          name: "faithfulness",
          requiredCases: 160,
          floorCases: 59,
          minimumDetectableDrop: 0.038,
          sigma: 0.21,
        },
      ],
    },
    metrics: [aMetricResult()],
    cases: { total: 200, used: 122, unscored: 0, waived: 0, broken: [] },
    regressions: [],
    improvements: [],
    unscored: [],
    waivers: [],
    usage: {
      calls: 488,
      cachedCalls: 0,
      costUsd: 0.4312,
      generationUsd: 0.0312,
      judgeUsd: 0.4,
      inputTokens: 251_300,
      outputTokens: 40_120,
    },
    digests: {
      prompt: textDigest("candidate"),
      dataset: textDigest("dataset"),
      judges: textDigest("judges"),
      policy: textDigest("policy"),
    },
    seed: 1,
    attempt: 1,
    stored: false,
    runDir: ".promptgate/runs/customer-support-2.4.0",
    ...fields,
  };
}

/** A gate run over the given prompts; the verdict is that of the worst of them. */
export function aGateResult(...prompts: readonly PromptGateResult[]): GateResult {
  const all = prompts.length === 0 ? [aPromptGateResult()] : prompts;
  const verdicts = all.map(({ verdict }) => verdict);
  const verdict = verdicts.includes("fail")
    ? "fail"
    : verdicts.includes("inconclusive")
      ? "inconclusive"
      : "pass";
  return {
    schema: "promptgate/gate-result@1",
    verdict,
    exitCode: { pass: 0, fail: 1, inconclusive: 3 }[verdict],
    prompts: all,
  };
}
