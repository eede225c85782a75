import type { RunUsage } from "../../domain/gate-result.ts";
import type { Usage } from "../../domain/model.ts";
import type { Price } from "../../domain/project.ts";

/** What a call is for: outputs under test, or scores of them. */
export type Purpose = "generation" | "judge";

/** US dollars of one call; null when the price or the usage is not known: an unknown cost is not zero. */
export function callCost(usage: Usage | null, price: Price | undefined): number | null {
  if (usage === null || price === undefined) return null;
  return (
    (usage.inputTokens * price.inputPerMillion + usage.outputTokens * price.outputPerMillion) / 1_000_000
  );
}

/** Sums of one run, shared by all its callers. */
export interface UsageMeter {
  /** Counts a call that was sent and answered. */
  called(purpose: Purpose, usage: Usage | null, costUsd: number | null): void;
  /** Counts an answer that needed no call. */
  reused(): void;
  read(): RunUsage;
  /** Mean output tokens of the calls of each purpose; null = no call said. */
  outputTokens(): MeanTokens;
}

export type MeanTokens = Readonly<Record<Purpose, number | null>>;

function sum(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : left + right;
}

function mean({ calls, tokens }: { readonly calls: number; readonly tokens: number }): number | null {
  return calls === 0 ? null : tokens / calls;
}

/** A meter at zero. One unknown cost makes the sum unknown. */
export function createUsageMeter(): UsageMeter {
  const cost: Record<Purpose, number | null> = { generation: 0, judge: 0 };
  const answers: Record<Purpose, { calls: number; tokens: number }> = {
    generation: { calls: 0, tokens: 0 },
    judge: { calls: 0, tokens: 0 },
  };
  let calls = 0;
  let cachedCalls = 0;
  let inputTokens = 0;
  let outputTokens = 0;
  return {
    called: (purpose, usage, costUsd) => {
      calls += 1;
      cost[purpose] = sum(cost[purpose], costUsd);
      inputTokens += usage?.inputTokens ?? 0;
      outputTokens += usage?.outputTokens ?? 0;
      if (usage === null) return;
      answers[purpose].calls += 1;
      answers[purpose].tokens += usage.outputTokens;
    },
    reused: () => {
      cachedCalls += 1;
    },
    read: () => ({
      calls,
      cachedCalls,
      costUsd: sum(cost.generation, cost.judge),
      generationUsd: cost.generation,
      judgeUsd: cost.judge,
      inputTokens,
      outputTokens,
    }),
    outputTokens: () => ({ generation: mean(answers.generation), judge: mean(answers.judge) }),
  };
}
