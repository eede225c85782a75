import type { PromptSource, PromptTemplate } from "../../src/domain/prompt.ts";
import type { Tier } from "../../src/domain/tier.ts";
import type { ComparedModels } from "../../src/gate/changes.ts";
import { findChanges } from "../../src/gate/changes.ts";
import { requiredTier } from "../../src/gate/required-tier.ts";
import { aTemplate } from "../registries/a-version.ts";

const mini = { provider: "openai", model: "gpt-4o-mini-2024-07-18" };
/** The same model on both sides. */
export const sameModel: ComparedModels = { baselineModel: mini, candidateModel: mini };

export function source(changes: Partial<PromptTemplate> = {}, name = "support"): PromptSource {
  return { name, version: "1.0.0", template: aTemplate(changes) };
}

export function system(content: string): PromptSource {
  return source({ messages: [{ role: "system", content }] });
}

/** The tier that a change of one system message asks for. */
export function tierOf(before: string, after: string): Tier | null {
  return requiredTier(findChanges(system(before), system(after), sameModel));
}

export function messages(before: PromptSource, after: PromptSource): string[] {
  return findChanges(before, after, sameModel).map(({ tier, message }) => `${tier}: ${message}`);
}
