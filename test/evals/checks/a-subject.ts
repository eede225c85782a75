import type { Case } from "../../../src/domain/case.ts";
import type { Score } from "../../../src/domain/evaluation.ts";
import type { Completion } from "../../../src/domain/model.ts";
import { assertionSchema, runAssertions } from "../../../src/evals/checks/index.ts";
import { aCase } from "../../builders.ts";

/** An answer that says `text` and nothing else; say what matters to the test. */
export function aCompletion(text: string, fields: Partial<Completion> = {}): Completion {
  return {
    text,
    toolCalls: [],
    finishReason: "stop",
    model: "gpt-4o-mini-2024-07-18",
    usage: { inputTokens: 120, outputTokens: 30 },
    latencyMs: 800,
    ...fields,
  };
}

interface Given {
  readonly case?: Partial<Case>;
  readonly completion?: Partial<Completion>;
  readonly costUsd?: number | null;
}

/** The score of one raw assertion on one output. */
export function scoreOutput(raw: unknown, text: string, given: Given = {}): Score {
  const [result] = runAssertions([assertionSchema.parse(raw)], {
    case: aCase(given.case),
    completion: aCompletion(text, given.completion),
    costUsd: given.costUsd === undefined ? 0.0004 : given.costUsd,
  });
  if (result === undefined) throw new Error("the assertion was left out");
  return result.score;
}

/** True or false, or null when nothing could be measured. */
export function passes(raw: unknown, text: string, given: Given = {}): boolean | null {
  const score = scoreOutput(raw, text, given);
  return score.kind === "scored" ? score.pass : null;
}

/** The issues of a raw assertion as `path: message`; empty when it is fine. */
export function issuesOf(raw: unknown): string[] {
  const parsed = assertionSchema.safeParse(raw);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}
