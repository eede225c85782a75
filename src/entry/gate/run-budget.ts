import { GateError } from "../../domain/errors.ts";
import type { Project } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import { askedModels, type Asked } from "./asked-models.ts";
import { createBudget, type Admission, type Budget } from "./budget.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { priceOf } from "./price-of.ts";

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

/** What is asked before each call to these models. Throws `CONFIG_INVALID` before the first one when money cannot be counted. */
export function pricedAdmission(asked: readonly Asked[], budget: Budget): Admission {
  const { usd } = budget.limits;
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

/** What a run asks before each call; replayed answers cost nothing. */
export function runAdmission(scope: GateScope, preparation: Preparation, budget: Budget): Admission {
  const isReplayed = scope.selection.replay !== undefined;
  return pricedAdmission(isReplayed ? [] : askedModels(scope, preparation), budget);
}
