import type { PromptProject, Project } from "../../domain/project.ts";
import type { PromptVersion, Registry } from "../../domain/registry.ts";
import type { Tier, TierPolicy } from "../../domain/tier.ts";
import type { TierDecision } from "../../gate/required-tier.ts";
import type { CommandContext } from "../context.ts";
import { prepareGate, type Preparation } from "../gate/prepare.ts";

/** What a gate of this version would ask today. */
export interface PresentQuestion {
  readonly tier: TierDecision;
  readonly policy: TierPolicy;
  readonly digests: Preparation["digests"];
  readonly baseline: Preparation["baseline"];
  readonly models: Preparation["models"];
}

export interface QuestionScope {
  readonly context: CommandContext;
  readonly project: Project;
  readonly prompt: PromptProject;
  readonly registry: Registry;
}

/**
 * Reads what a gate of a published version would read now, calls no model and writes nothing. `baseline` is a label or a
 * version; `tier` asks under a higher tier's policy than the change needs.
 */
export async function presentQuestion(
  scope: QuestionScope,
  { version }: Pick<PromptVersion, "version">,
  { baseline: against, tier }: { readonly baseline: string; readonly tier: Tier | "auto" },
): Promise<PresentQuestion> {
  const preparation = await prepareGate({
    ...scope,
    selection: {
      candidate: version,
      baseline: against,
      tier,
      outputs: [],
      filterTag: [],
      filterId: [],
    },
  });
  await preparation.close();
  const { policy, digests, baseline, models } = preparation;
  return { tier: preparation.tier, policy, digests, baseline, models };
}
