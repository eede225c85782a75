import { GateError } from "../../domain/errors.ts";
import type { ModelSettings, Project } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { Purpose } from "../../evals/calls/usage.ts";
import { judgesToAsk } from "./assemble-result.ts";
import { createBudget, type Admission, type Budget } from "./budget.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { priceOf } from "./price-of.ts";
import { modelSettingsOf } from "./resolve-versions.ts";

/** Limits of the command line, over the config's. */
export interface BudgetOptions {
  /** US dollars. */
  readonly maxCost?: number | undefined;
  readonly maxMinutes?: number | undefined;
}

/** The budget of one command; its minutes begin now. */
export function openBudget({ budget }: Project, { maxCost, maxMinutes }: BudgetOptions): Budget {
  const limits = { ...budget, usd: maxCost ?? budget.usd, minutes: maxMinutes ?? budget.minutes };
  return createBudget(limits, () => performance.now());
}

interface Asked {
  readonly purpose: Purpose;
  readonly settings: ModelSettings;
}

/** The models that a run asks, for answers and for judgements; stored outputs need none. */
export function askedModels(
  { project }: Pick<GateScope, "project">,
  preparation: Pick<Preparation, "models" | "outputs" | "rubrics" | "baseline">,
): Asked[] {
  const { models, outputs } = preparation;
  const generators = (["candidate", "baseline"] as const).flatMap((side) => {
    const settings = models[side];
    return settings === null || outputs[side] !== undefined ? [] : [settings];
  });
  const judges = judgesToAsk(preparation).map(({ judge }) => modelSettingsOf(project, { model: judge }));
  return [
    ...generators.map((settings): Asked => ({ purpose: "generation", settings })),
    ...judges.map((settings): Asked => ({ purpose: "judge", settings })),
  ];
}

/** One sentence for each model whose price is the shipped table's. */
export function publishedPriceNotes(asked: readonly { readonly settings: ModelSettings }[]): string[] {
  const notes = asked.flatMap(({ settings }) => {
    const known = priceOf(settings);
    if (known?.kind !== "published") return [];
    const { inputPerMillion, outputPerMillion } = known.price;
    return [
      `the price of ${visibleLine(settings.model, 60)} ($${inputPerMillion} and $${outputPerMillion} per million tokens) is from the shipped table of ${known.date}; \`price\` in the config overrides it`,
    ];
  });
  return [...new Set(notes)];
}

/** What a run asks before each call. Throws `CONFIG_INVALID` before the first one when money cannot be counted. */
export function runAdmission(scope: GateScope, preparation: Preparation, budget: Budget): Admission {
  const { usd } = budget.limits;
  const asked = scope.selection.replay === undefined ? askedModels(scope, preparation) : [];
  const priceless = asked.find(({ settings }) => priceOf(settings) === null);
  if (usd !== null && priceless !== undefined) {
    const { model } = priceless.settings;
    throw new GateError(
      "CONFIG_INVALID",
      `cannot hold a budget of $${usd}: model ${visibleLine(model, 60)} has no price`,
      { hint: "give it a price in the config: price: { inputPerMillion: …, outputPerMillion: … }" },
    );
  }
  return budget.admission(
    asked.some(({ purpose, settings }) => purpose === "judge" && priceOf(settings)?.kind !== "free"),
  );
}
