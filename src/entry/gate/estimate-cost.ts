import type { Case } from "../../domain/case.ts";
import type { ModelSettings, Price } from "../../domain/project.ts";
import type { PromptTemplate } from "../../domain/prompt.ts";
import { comparesOutputs, type Rubric } from "../../domain/rubric.ts";
import { renderMessages } from "../../domain/template.ts";
import type { MeanTokens } from "../../evals/calls/usage.ts";
import { priceOf } from "./price-of.ts";

/** Assumed where no earlier run says and the prompt sets no `maxTokens`. */
export const OUTPUT_TOKENS = 300;
/** The judge's instructions and its answer, in tokens. */
export const JUDGE_OVERHEAD = { input: 500, output: 250 };

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

/** Whether counting its tokens can change the sum. */
function costsMoney({ settings, calls }: Pick<Party, "settings" | "calls">): boolean {
  const price = priceOf(settings)?.price;
  return calls > 0 && (price === undefined || price.inputPerMillion > 0 || price.outputPerMillion > 0);
}

function promptText(template: PromptTemplate, { vars, id }: Case): string {
  return renderMessages(template, vars, id)
    .map(({ content }) => content)
    .join("\n");
}

/** Those that cost something; for the others no token is counted. */
function parties(
  { cases, versions, judges, outputTokens }: CostQuestion,
  countTokens: (text: string) => number,
): Party[] {
  const answerTokens = ({ template }: (typeof versions)[number]): number =>
    outputTokens.generation ?? template.modelParameters.maxTokens ?? OUTPUT_TOKENS;
  const outputs = versions.length === 0 ? [OUTPUT_TOKENS] : versions.map(answerTokens);
  const paidJudges = judges.filter(costsMoney);
  const variables =
    paidJudges.length === 0 ? 0 : mean(cases.map(({ vars }) => countTokens(JSON.stringify(vars))));
  return [
    ...versions.filter(costsMoney).map((version) => ({
      settings: version.settings,
      calls: version.calls,
      inputTokens: mean(cases.map((each) => countTokens(promptText(version.template, each)))),
      outputTokens: answerTokens(version),
    })),
    ...paidJudges.map(({ rubric, settings, calls }) => ({
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
export async function estimateCost(question: CostQuestion): Promise<number | null> {
  // Counting tokens for a sum that is zero or stays unknown would only cost the time that the tokenizer takes to load.
  const paid = [...question.versions, ...question.judges].filter(costsMoney);
  if (paid.some(({ settings }) => priceOf(settings) === null)) return null;
  if (paid.length === 0) return 0;
  const { countTokens } = await import("../../evals/count-tokens.ts");
  let total = 0;
  for (const party of parties(question, countTokens)) {
    const price = callPrice(priceOf(party.settings)?.price, party);
    if (price === null) return null;
    total += price * party.calls;
  }
  return total;
}
