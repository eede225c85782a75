import type { ModelSettings } from "../../domain/project.ts";
import { comparesOutputs, judgesOf, type Rubric } from "../../domain/rubric.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { Purpose } from "../../evals/calls/usage.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { priceOf } from "./price-of.ts";
import { modelSettingsOf } from "./resolve-versions.ts";

/** Every judge of every rubric that can be asked: without a baseline there are no pairs. */
export function judgesToAsk({
  rubrics,
  baseline,
  outputs,
}: Pick<Preparation, "rubrics" | "baseline" | "outputs">): {
  readonly rubric: Rubric;
  readonly judge: string;
}[] {
  return rubrics
    .filter((rubric) => baseline !== null || outputs.baseline !== undefined || !comparesOutputs(rubric))
    .flatMap((rubric) => judgesOf(rubric).map((judge) => ({ rubric, judge })));
}

/** A model and what it is asked for. */
export interface Asked {
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
