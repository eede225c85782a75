/** promptfoo's checks that a cell may begin with; anything else is a text to be equal to. */
const TYPED = /^((?:not-)?[a-z][a-z-]*(?::[a-z]+)?)(?:\((\d+(?:\.\d+)?)\))?(?::([\s\S]*))?$/;

const PREFIXES: readonly (readonly [prefix: string, type: string])[] = [
  ["javascript:", "javascript"],
  ["fn:", "javascript"],
  ["eval:", "javascript"],
  ["python:", "python"],
  ["grade:", "llm-rubric"],
  ["llm-rubric:", "llm-rubric"],
];

/** Types that promptfoo reads in a cell. */
const TYPES = new Set(
  (
    "answer-relevance bleu classifier contains contains-all contains-any contains-html contains-json contains-sql " +
    "contains-xml context-faithfulness context-recall context-relevance conversation-relevance cost equals factuality " +
    "finish-reason g-eval gleu guardrails icontains icontains-all icontains-any is-html is-json is-refusal is-sql " +
    "is-valid-function-call is-valid-openai-function-call is-valid-openai-tools-call is-xml latency levenshtein meteor " +
    "model-graded-closedqa model-graded-factuality moderation perplexity perplexity-score pi regex rouge-n ruby " +
    "search-rubric similar starts-with tool-call-f1 webhook word-count"
  ).split(" "),
);

/** Types that count as passed from this score on when the cell names none. */
const DEFAULT_THRESHOLDS: Readonly<Record<string, number>> = {
  levenshtein: 0.75,
  "rouge-n": 0.75,
  cost: 0.75,
  latency: 0.75,
  similar: 0.8,
};

/** A cell of an `__expected` column as the assertion that promptfoo takes it for. */
export function csvAssertion(cell: string): Readonly<Record<string, unknown>> {
  for (const [prefix, type] of PREFIXES) {
    if (cell.startsWith(prefix)) return { type, value: cell.slice(prefix.length).trim() };
  }
  if (/^file:\/\/.*\.(?:py|[cm]?[jt]s)(?::\w+)?$/.test(cell)) return { type: "javascript", value: cell };
  const [, type = "", threshold, value] = TYPED.exec(cell) ?? [];
  const plain = type.replace(/^not-/, "");
  if (!TYPES.has(plain)) return { type: "equals", value: cell };
  const pass = threshold === undefined ? DEFAULT_THRESHOLDS[plain] : Number(threshold);
  const list = /^i?contains-(?:all|any)$/.test(plain);
  return {
    type,
    ...(value === undefined || value === ""
      ? {}
      : { value: list ? value.split(",").map((item) => item.trim()) : value }),
    ...(pass === undefined ? {} : { threshold: pass }),
  };
}
