import { aCase } from "../../builders.ts";
import { textDigest } from "../../../src/domain/digest.ts";
import { readJudgeTask, type JudgeTask } from "../../../src/domain/judge-layout.ts";
import type { Completion, ModelRequest, ToolCall } from "../../../src/domain/model.ts";
import type { Rubric } from "../../../src/domain/rubric.ts";
import { judgeOutput, type JudgeScore } from "../../../src/evals/judge/judge-output.ts";

/** A rubric with one criterion and a threshold. */
export function aRubric(fields: Partial<Rubric> = {}): Rubric {
  return {
    name: "faithfulness",
    model: "judge",
    scale: {
      kind: "choices",
      choices: { supported: 1, partly: 0.5, unsupported: 0, "does not apply": null },
    },
    criteria: [{ id: "grounded", question: "Is every claim in the answer supported by the context?" }],
    reference: "optional",
    threshold: 0.75,
    allowSelfGrading: false,
    instructions: "",
    calibration: null,
    digest: textDigest("rubric"),
    ...fields,
  };
}

/** What the shop's context does not answer. */
export const giftCardCase = aCase({
  id: "gift-card",
  vars: {
    context: "Refunds are paid within 5 days. Unused items can be returned within 30 days of delivery.",
    query: "Can I get cash for a gift card?",
  },
});

/** A completion with this text. */
export function aCompletion(fields: Partial<Completion> = {}): Completion {
  return {
    text: "",
    toolCalls: [],
    finishReason: "stop",
    model: "scripted",
    usage: null,
    latencyMs: null,
    ...fields,
  };
}

/** The task that a judge's request carries. */
export function taskOf(request: ModelRequest): JudgeTask {
  const task = readJudgeTask(request.messages.at(-1)?.content ?? "");
  if (task === null) throw new Error("the request holds no judge task");
  return task;
}

/** A reply under the contract. */
export function reply(task: JudgeTask, label: string | number = "supported"): Record<string, unknown> {
  return {
    nonce: task.nonce,
    reasoning: "The context says so.",
    criteria: task.rubric.criteria.map(({ id }) => ({ id, label, evidence: "30 days" })),
  };
}

type Script = (task: JudgeTask, request: ModelRequest) => string | Partial<Completion>;

type Judged = Partial<Omit<Parameters<typeof judgeOutput>[0], "output" | "ask">> & {
  readonly output?: string;
  readonly toolCalls?: readonly ToolCall[];
};

/** Judges an output with a judge that follows one script per attempt, the last one for all further attempts. */
export async function judgeWith(
  scripts: Script | readonly Script[],
  { output = "You can return it within 30 days.", toolCalls = [], ...judged }: Judged = {},
): Promise<{ readonly score: JudgeScore; readonly requests: readonly ModelRequest[] }> {
  const requests: ModelRequest[] = [];
  const list = typeof scripts === "function" ? [scripts] : scripts;
  const score = await judgeOutput({
    rubric: aRubric(),
    case: giftCardCase,
    sample: 0,
    ...judged,
    output: { text: output, toolCalls },
    ask: async (request) => {
      requests.push(request);
      const said = list[Math.min(requests.length, list.length) - 1]?.(taskOf(request), request) ?? "";
      return aCompletion(typeof said === "string" ? { text: said } : said);
    },
  });
  return { score, requests };
}
