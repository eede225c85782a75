import type { Case } from "../../domain/case.ts";
import type { ModelSettings, Price } from "../../domain/project.ts";
import type { PromptTemplate } from "../../domain/prompt.ts";
import { comparesOutputs, type Rubric } from "../../domain/rubric.ts";
import { renderMessages } from "../../domain/template.ts";
import type { MeanTokens } from "../../evals/calls/usage.ts";
import { countTokens } from "../../evals/count-tokens.ts";
import { priceOf } from "./price-of.ts";

/** Assumed where no earlier run says and the prompt sets no `maxTokens`. */
const OUTPUT_TOKENS = 300;
/** The judge's instructions and its answer, in tokens. */
const JUDGE_OVERHEAD = { input: 500, output: 250 };

interface Party {
  readonly settings: ModelSettings;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

function callPrice(price: Price | undefined, { inputTokens, outputTokens }: Party): number | null {
  if (price === undefined) return null;
  return (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1e6;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export interface CostQuestion {
  /** A sample of the cases that the run would look at. */
  readonly cases: readonly Case[];
  readonly versions: readonly {
    readonly template: PromptTemplate;
    readonly settings: ModelSettings;
    readonly calls: number;
  }[];
  readonly judges: readonly {
    readonly rubric: Rubric;
    readonly settings: ModelSettings;
    readonly calls: number;
  }[];
  /** Mean lengths of earlier runs' answers; null = none is known. */
  readonly outputTokens: MeanTokens;
}

function parties({ cases, versions, judges, outputTokens }: CostQuestion): Party[] {
  const variables = mean(cases.map(({ vars }) => countTokens(JSON.stringify(vars))));
  const outputs = versions.map(
    ({ template }) => outputTokens.generation ?? template.modelParameters.maxTokens ?? OUTPUT_TOKENS,
  );
  return [
    ...versions.map(({ template, settings, calls }, index) => ({
      settings,
      calls,
      inputTokens: mean(
        cases.map(({ vars, id }) =>
          countTokens(
            renderMessages(template, vars, id)
              .map(({ content }) => content)
              .join("\n"),
          ),
        ),
      ),
      outputTokens: outputs[index] ?? OUTPUT_TOKENS,
    })),
    ...judges.map(({ rubric, settings, calls }) => ({
      settings,
      calls,
      inputTokens:
        variables +
        Math.max(...outputs) * (comparesOutputs(rubric) ? 2 : 1) +
        JUDGE_OVERHEAD.input +
        countTokens(JSON.stringify(rubric.criteria)),
      outputTokens: outputTokens.judge ?? JUDGE_OVERHEAD.output,
    })),
  ];
}

/**
 * What the run costs, in US dollars, if it looks at every case of its plan: prompts are counted, answers assumed as long as
 * earlier runs' were, else as long as they may be. Null when a model has no price.
 */
export function estimateCost(question: CostQuestion): number | null {
  let total = 0;
  for (const party of parties(question)) {
    const price = callPrice(priceOf(party.settings)?.price, party);
    if (price === null) return null;
    total += price * party.calls;
  }
  return total;
}
