import * as z from "zod";

/** What a predicate of `test-result/v0.1` says, as far as several of them can be told apart in one. */
export interface TestResultPredicate {
  readonly result: "PASSED" | "WARNED" | "FAILED";
  readonly configuration: readonly { readonly name: string }[];
  readonly passedTests: readonly string[];
  readonly warnedTests: readonly string[];
  readonly failedTests: readonly string[];
}

const WORST = ["FAILED", "WARNED", "PASSED"] as const;

/** One predicate for all prompts: the worst result, and every name with its prompt before it. One prompt keeps its own. */
export function joinPredicates(
  parts: readonly { readonly prompt: string; readonly predicate: TestResultPredicate }[],
): TestResultPredicate | null {
  const [first, ...others] = parts;
  if (first === undefined) return null;
  if (others.length === 0) return first.predicate;
  const named = (pick: (predicate: TestResultPredicate) => readonly string[]): string[] =>
    parts.flatMap(({ prompt, predicate }) => pick(predicate).map((name) => `${prompt}/${name}`));
  const results = new Set(parts.map(({ predicate }) => predicate.result));
  return {
    result: WORST.find((result) => results.has(result)) ?? "FAILED",
    configuration: parts.flatMap(({ prompt, predicate }) =>
      predicate.configuration.map((each) => ({ ...each, name: `${prompt}/${each.name}` })),
    ),
    passedTests: named(({ passedTests }) => passedTests),
    warnedTests: named(({ warnedTests }) => warnedTests),
    failedTests: named(({ failedTests }) => failedTests),
  };
}

const names = z.array(z.string()).default([]);

const jointSchema = z.object({
  result: z.enum(WORST),
  configuration: z.array(
    z.looseObject({
      name: z.string(),
      annotations: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  passedTests: names,
  warnedTests: names,
  failedTests: names,
});

/**
 * What a joint predicate says about one of its prompts, in the form of a predicate about that one. Its own result is that
 * of its verdict and its tests, and never better than the joint one allows: a joint pass has no part that failed.
 */
export function partOf(predicate: unknown, prompt: string): unknown {
  const joint = jointSchema.safeParse(predicate);
  if (!joint.success) return predicate;
  const prefix = `${prompt}/`;
  const own = (all: readonly string[]): string[] =>
    all.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  const configuration = joint.data.configuration.flatMap((each) =>
    each.name.startsWith(prefix) ? [{ ...each, name: each.name.slice(prefix.length) }] : [],
  );
  const [passedTests, warnedTests, failedTests] = [
    own(joint.data.passedTests),
    own(joint.data.warnedTests),
    own(joint.data.failedTests),
  ];
  const verdict = configuration.find(({ name }) => name === "result.json")?.annotations?.["verdict"];
  const result =
    verdict !== "pass" || failedTests.length > 0 ? "FAILED" : warnedTests.length > 0 ? "WARNED" : "PASSED";
  const contradicts = WORST.indexOf(joint.data.result) > WORST.indexOf(result);
  return {
    result: contradicts ? "FAILED" : result,
    configuration,
    passedTests,
    warnedTests,
    failedTests,
  };
}
