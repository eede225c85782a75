import { someWaivers } from "./some-waivers.ts";
import type { GateResult } from "../../src/domain/gate-result.ts";
import type { MetricResult } from "../../src/domain/scores.ts";
import { aCaseChange, aGateResult, aMetricResult, aPromptGateResult } from "../builders.ts";

const latency: Partial<MetricResult> = {
  name: "latency",
  kind: "latency",
  level: "warn",
  margin: null,
  min: null,
  maxIncrease: 0.1,
  baseline: 812,
  candidate: 831,
  delta: 0.0234,
  interval: { low: -0.011, high: 0.058, level: 0.95 },
  reason: "an increase of 10 % or more is ruled out",
  wins: 51,
  losses: 71,
  ties: 0,
};

const cost: Partial<MetricResult> = {
  ...latency,
  name: "cost",
  kind: "cost",
  level: "off",
  baseline: 0.000_42,
  candidate: 0.000_47,
  delta: 0.119,
  interval: { low: 0.1, high: 0.138, level: 0.95 },
  reason: "not judged",
};

const endsAsRequired: Partial<MetricResult> = {
  name: "ends-as-required",
  verdict: "fail",
  kind: "check",
  min: null,
  used: 147,
  baseline: 0.74,
  candidate: 0.59,
  delta: -0.15,
  interval: { low: -0.221, high: -0.079, level: 0.95 },
  wins: 4,
  losses: 26,
  ties: 117,
  mcnemarP: 0.000_059,
  reason: "worse than production by 15 points (interval -22.1 to -7.9)",
};

const pass = aPromptGateResult({
  metrics: [
    aMetricResult({
      lengthAdjusted: { delta: -0.0123, standardError: 0.0081 },
      judging: { kind: "panel", judges: 3, agreement: 0.871 },
    }),
    aMetricResult({
      name: "preference",
      level: "warn",
      min: null,
      baseline: 0.489,
      candidate: 0.511,
      delta: 0.022,
      judging: { kind: "pairwise", judged: 98, consistency: 0.765, firstSlotRate: 0.643 },
    }),
    aMetricResult(latency),
    aMetricResult(cost),
  ],
  improvements: [aCaseChange({ id: "billing-004", baseline: 0.5, candidate: 1 })],
});

const withinTolerance = aPromptGateResult({
  headline:
    "Within tolerance: the new prompt is 1.2 points lower; a drop of 5 points or more is ruled out, a small drop is not.",
  metrics: [
    aMetricResult({ candidate: 0.828, delta: -0.012, interval: { low: -0.041, high: 0.017, level: 0.95 } }),
  ],
  regressions: [aCaseChange({ baseline: 1, candidate: 0.5 })],
  attempt: 3,
});

const failed = aPromptGateResult({
  verdict: "fail",
  headline:
    "ends-as-required fell from 0.74 to 0.59. The judge's score improved, but every primary metric must hold.",
  reasons: ["ends-as-required: worse than production by 15 points (interval -22.1 to -7.9)"],
  warnings: ["latency: 200 cases show an increase of 12 % or more (80 % power), the tolerated one is 10 %"],
  metrics: [
    aMetricResult({ ...endsAsRequired }),
    aMetricResult({
      used: 147,
      candidate: 0.91,
      delta: 0.07,
      interval: { low: 0.03, high: 0.11, level: 0.95 },
    }),
    aMetricResult({
      ...latency,
      verdict: "inconclusive",
      delta: 0.083,
      interval: { low: 0.02, high: 0.151, level: 0.95 },
      reason: "an increase of 10 % cannot be ruled out",
    }),
  ],
  cases: { total: 200, used: 147, unscored: 1, waived: 0, broken: [] },
  regressions: [
    aCaseChange({
      id: "shipping-031",
      metric: "ends-as-required",
      reason: 'the output does not end with "Anything else I can help with?"',
      baselineOutput:
        "Your parcel left our warehouse on Monday and arrives within three days.\n\nAnything else I can help with?",
      candidateOutput:
        "Your parcel left our warehouse on Monday and arrives within three days. Have a good day!",
    }),
    aCaseChange({ id: "refund-017", metric: "ends-as-required", baselineOutput: null }),
  ],
  improvements: [aCaseChange({ id: "billing-004", baseline: 0, candidate: 1 })],
  unscored: [
    {
      id: "adversarial-009",
      metric: "faithfulness",
      side: "candidate",
      reason: "the judge gave two answers",
    },
  ],
});

const inconclusive = aPromptGateResult({
  verdict: "inconclusive",
  headline:
    "Difference -1.1 points, but with 50 cases anything from -8.9 to +6.7 is possible; a 5-point drop cannot be ruled out.",
  reasons: ["faithfulness: a drop of 5 points cannot be ruled out"],
  metrics: [
    aMetricResult({
      verdict: "inconclusive",
      n: 50,
      used: 50,
      baseline: 0.84,
      candidate: 0.829,
      delta: -0.011,
      interval: { low: -0.089, high: 0.067, level: 0.95 },
      minimumDetectableDrop: 0.083,
      reason: "a drop of 5 points cannot be ruled out",
    }),
  ],
  cases: { total: 50, used: 50, unscored: 0, waived: 0, broken: [] },
  plan: {
    cases: 50,
    maxCases: 50,
    looks: [50],
    calls: { generation: 100, judge: 100 },
    metrics: [
      { name: "faithfulness", requiredCases: 270, floorCases: 59, minimumDetectableDrop: 0.083, sigma: 0.21 },
    ],
  },
});

const broken = aPromptGateResult({
  verdict: "fail",
  headline: "The candidate breaks a critical case that production handles: self-harm-001.",
  reasons: ["critical case self-harm-001: broken in 2 of 2 fresh runs"],
  cases: { total: 200, used: 122, unscored: 0, waived: 0, broken: ["self-harm-001"] },
  models: [
    { role: "candidate", provider: "embedded", model: "responder-1" },
    { role: "baseline", provider: "stored outputs", model: "outputs/2.3.1.jsonl" },
    { role: "judge", provider: "recorded", model: "gpt-4o-2024-11-20", metric: "faithfulness" },
  ],
});

const firstVersion = aPromptGateResult({
  verdict: "inconclusive",
  headline: "There is no production version to compare with, and no metric has a minimum of its own.",
  reasons: ["faithfulness: not compared, since nothing is in production"],
  tier: { declared: null, required: null, applied: "major", findings: [] },
  baseline: null,
  models: [{ role: "candidate", provider: "openai", model: "gpt-4o-mini-2024-07-18" }],
  metrics: [
    aMetricResult({
      verdict: "inconclusive",
      min: null,
      baseline: null,
      delta: null,
      interval: null,
      wins: 0,
      losses: 0,
      ties: 0,
      reason: "not compared, since nothing is in production",
    }),
  ],
});

const violation = aPromptGateResult({
  verdict: "fail",
  headline: "The change is declared as a patch and needs major: variable {{order_id}} was added.",
  reasons: ["tier: the change is declared as a patch and needs major: variable {{order_id}} was added"],
  tier: {
    declared: "patch",
    required: "major",
    applied: "major",
    findings: [
      { tier: "minor", path: "messages[0]", message: "a sentence was added" },
      { tier: "major", path: "variables", message: "variable {{order_id}} was added" },
    ],
  },
  plan: null,
  metrics: [],
  cases: { total: 200, used: 0, unscored: 0, waived: 0, broken: [] },
  usage: {
    calls: 0,
    cachedCalls: 0,
    costUsd: 0,
    generationUsd: 0,
    judgeUsd: 0,
    inputTokens: 0,
    outputTokens: 0,
  },
  runDir: null,
});

const hostileText =
  "\u001b[2Jfixes #12 @octocat </details><script>alert(1)</script> ![x](https://evil.example/x.png) | `a` ``` ~~~ ]]> \u202egnp \ud800";

const hostile = aPromptGateResult({
  name: "<b>@octocat</b>",
  verdict: "fail",
  headline: hostileText,
  reasons: [`1. ${hostileText}`],
  warnings: [hostileText],
  tier: {
    declared: "minor",
    required: "minor",
    applied: "minor",
    findings: [{ tier: "minor", path: hostileText, message: hostileText }],
  },
  candidate: { ...pass.candidate, version: "`2`|3", source: "a|b;rm -rf \u0007" },
  models: [{ role: "judge", provider: "<x>", model: "www.evil.example", metric: "a\\|b" }],
  metrics: [aMetricResult({ name: "a\\|b | `c", verdict: "fail", reason: hostileText })],
  cases: { total: 200, used: 122, unscored: 0, waived: 0, broken: [hostileText] },
  regressions: [
    aCaseChange({
      id: hostileText,
      metric: "a\\|b | `c",
      reason: hostileText,
      baselineOutput: "```\n</details>\n# @octocat\n\u0000\u0008 https://evil.example",
      candidateOutput: `${"`".repeat(7)}\n<!-- \r\n--> ]]> ${hostileText}`,
    }),
  ],
  improvements: [aCaseChange({ id: "- [ ] #1", metric: "GH-1" })],
  unscored: [{ id: "www.evil.example", metric: ":tada:", side: "baseline", reason: hostileText }],
  runDir: "$(reboot) `id`",
});

const waived = aPromptGateResult({
  metrics: [
    aMetricResult(),
    aMetricResult({ ...endsAsRequired, level: "warn", n: 199 }),
    aMetricResult({ ...latency }),
  ],
  warnings: [
    "ends-as-required: worse than production by 15 points (interval -22.1 to -7.9); it does not block at level warn",
  ],
  cases: { total: 200, used: 146, unscored: 0, waived: 1, broken: [] },
  regressions: [
    aCaseChange({ id: "refund-017", metric: "faithfulness" }),
    aCaseChange({ id: "shipping-031", metric: "ends-as-required" }),
  ],
  waivers: someWaivers(hostileText),
});

/** One result a situation that a reader may meet; the names are those of the golden files. */
export const scenarios: Readonly<Record<string, GateResult>> = {
  pass: aGateResult(pass),
  "pass-within-tolerance": aGateResult(withinTolerance),
  "fail-on-one-metric": aGateResult(failed),
  inconclusive: aGateResult(inconclusive),
  "critical-case-broken": aGateResult(broken),
  "no-baseline": aGateResult(firstVersion),
  "stored-verdict": aGateResult({ ...pass, stored: true }),
  "policy-violation": aGateResult(violation),
  "hostile-texts": aGateResult(hostile),
  "with-waivers": aGateResult(waived),
  "several-prompts": aGateResult({ ...pass, name: "greeting" }, failed),
};
