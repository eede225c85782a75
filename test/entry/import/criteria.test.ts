import { describe, expect, it } from "vitest";
import { config, imported } from "./promptfoo-folder.ts";

/** The one rubric that a criterion on every case becomes. */
async function rubric(yaml: string, options = "{ provider: openai:gpt-4.1 }") {
  const made = await imported(
    config(
      `defaultTest: { options: ${options}, assert: [${yaml}] }\ntests: [{ vars: { text: a } }, { vars: { text: b } }]\n`,
    ),
  );
  const [file] = made.document.files.filter((path) => path.startsWith("rubrics/"));
  return { made, rubric: made.yaml(file ?? ""), judges: made.project.prompts[0]?.judges ?? [] };
}

describe("a criterion for a judge", () => {
  it.each([
    [
      "{ type: llm-rubric, value: Is kind }",
      { scale: { kind: "choices", choices: { yes: 1, no: 0 } }, threshold: 1 },
    ],
    [
      "{ type: not-llm-rubric, value: Is rude }",
      { scale: { kind: "choices", choices: { no: 1, yes: 0 } }, threshold: 1 },
    ],
    [
      "{ type: model-graded-closedqa, value: Is kind }",
      { scale: { kind: "choices", choices: { yes: 1, no: 0 } } },
    ],
    [
      "{ type: llm-rubric, value: Is kind, threshold: 0.8 }",
      { scale: { kind: "likert", min: 0, max: 10 }, threshold: 0.8 },
    ],
    ["{ type: g-eval, value: Is kind }", { scale: { kind: "likert", min: 0, max: 10 }, threshold: 0.7 }],
    [
      "{ type: g-eval, value: [Is kind, Is short], threshold: 0.9, metric: style }",
      {
        name: "style",
        threshold: 0.9,
        criteria: [
          { id: "criterion-1", question: "Is kind" },
          { id: "criterion-2", question: "Is short" },
        ],
      },
    ],
  ])("%s becomes a rubric with its scale", async (yaml, expected) => {
    const found = await rubric(yaml);
    expect(found.rubric).toMatchObject({ model: "gpt-4.1", ...expected });
    expect(found.judges).toHaveLength(1);
    expect(found.made.lost).toEqual([]);
  });

  it("on facts carries its reference as the case's expected answer", async () => {
    const made = await imported(
      config(
        "defaultTest: { options: { provider: { text: { id: openai:gpt-4.1 } }, factuality: { subset: 0.5 } } }\ntests: [{ vars: { text: a }, assert: [{ type: factuality, value: 'It is {{text}}' }] }, { vars: { text: b }, assert: [{ type: model-graded-factuality, value: B }] }]\n",
      ),
    );
    expect(made.yaml("rubrics/factuality.yml")["scale"]).toEqual({
      kind: "choices",
      choices: { subset: 0.5, superset: 1, agree: 1, disagree: 0, "differ-but-factual": 1 },
    });
    expect(made.cases("golden-datasets/prompt.jsonl").map(({ expected }) => expected)).toEqual([
      "It is a",
      "B",
    ]);
    expect(made.project.prompts[0]?.judges.map(({ name }) => name)).toEqual(["factuality"]);
  });

  it("without a grader names promptfoo's default and says so", async () => {
    const { rubric: found, made } = await rubric("{ type: llm-rubric, value: Is kind }", "{}");
    expect(found["model"]).toBe("gpt-5");
    expect(made.changed).toEqual([expect.stringContaining("no grader is named: the judge is gpt-5")]);
  });

  it("judged by the model that answers is allowed to, and says so", async () => {
    const { rubric: found, made } = await rubric(
      "{ type: llm-rubric, value: a }",
      "{ provider: openai:gpt-4o-mini }",
    );
    expect(found["allowSelfGrading"]).toBe(true);
    expect(made.changed).toEqual([expect.stringContaining("judges its own answers")]);
  });

  it("loses a grading prompt of its own with a word", async () => {
    const { made } = await rubric("{ type: llm-rubric, value: a, rubricPrompt: 'Grade {{output}}' }");
    expect(made.lost).toEqual([expect.stringContaining("rubricPrompt is not carried")]);
  });
});
