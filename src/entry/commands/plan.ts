import { openBaseScopes } from "../base/base-scopes.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { emptyResult } from "../gate/assemble-result.ts";
import { verdictWithoutCalls } from "../gate/gate-prompt.ts";
import { planLines, plannedCost } from "../gate/plan-text.ts";
import { prepareGate, type GateScope, type GateSelection } from "../gate/prepare.ts";
import { visible } from "../../domain/visible.ts";

export interface PlanOptions extends CommonOptions, GateSelection {
  readonly prompts: readonly string[];
  /** A git revision: its rules count, and only prompts that changed since are planned. */
  readonly base?: string | undefined;
}

interface PromptPlan {
  readonly document: Record<string, unknown>;
  readonly lines: readonly string[];
}

async function planPrompt(scope: GateScope): Promise<PromptPlan> {
  const preparation = await prepareGate(scope);
  try {
    const { name, tier, candidate, baseline, models, plan, digests, seed, attempt } = emptyResult(
      scope,
      preparation,
    );
    const early = verdictWithoutCalls(scope, preparation);
    const costUsd = await plannedCost(scope, preparation);
    const warnings = [...preparation.warnings, ...preparation.plan.warnings];
    return {
      document: {
        name,
        tier,
        candidate,
        baseline,
        models,
        plan,
        costUsd,
        warnings,
        digests,
        seed,
        attempt,
        verdictWithoutCalls: early && { verdict: early.verdict, headline: early.headline },
      },
      lines: [
        ...(await planLines(scope, preparation)),
        ...tier.findings.map(({ tier: asks, path, message }) => `change: ${asks}: ${path}: ${message}`),
        ...(early === null ? [] : [`no model call needed: ${early.verdict}: ${early.headline}`]),
      ],
    };
  } finally {
    await preparation.close();
  }
}

/** `plan`: what a gate would do, need and cost. Calls no model and writes nothing. */
export async function runPlan(context: CommandContext, options: PlanOptions): Promise<ExitCode> {
  const plans: PromptPlan[] = [];
  const opened = await openBaseScopes(context, { storedSamples: true, ...options });
  try {
    for (const scope of opened.scopes) plans.push(await planPrompt(scope));
  } finally {
    await opened.close();
  }
  context.print(
    options.json
      ? JSON.stringify(
          { schema: "promptgate/plan@1", prompts: plans.map(({ document }) => document) },
          null,
          2,
        )
      : plans.map(({ lines }) => lines.map((line) => visible(line)).join("\n")).join("\n\n"),
  );
  return 0;
}
