import type { PromptGateResult } from "../../src/domain/gate-result.ts";

/** A waiver of a case, of a case on one metric, and of a metric; the second one's reason is `reason`. */
export function someWaivers(reason: string): PromptGateResult["waivers"] {
  return [
    {
      prompt: "customer-support",
      case: "refund-017",
      metric: null,
      owner: "ana",
      reason: "the new refund policy is not in the context yet",
      expires: "2026-12-31",
    },
    {
      prompt: null,
      case: "billing-004",
      metric: "faithfulness",
      owner: "ben@example.com",
      reason,
      expires: "2026-12-01",
    },
    {
      prompt: null,
      case: null,
      metric: "ends-as-required",
      owner: "ana",
      reason: "the closing sentence goes away with the next release",
      expires: "2026-12-15",
    },
  ];
}
