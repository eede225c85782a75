import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readHumanLabels, type HumanLabels } from "../../src/config/calibration-labels.ts";
import { readRubric } from "../../src/config/rubric-file.ts";
import { ProblemsError, renderProblem } from "../../src/domain/problem.ts";
import { aFolder } from "./project-folder.ts";

const choices = `name: faithfulness
model: judge
scale: { kind: choices, choices: { supported: 1, partly: 0.5, unsupported: 0, silent: null } }
criteria: [{ id: grounded, question: Is it supported? }]
`;
const two = choices.replace("criteria: [", "criteria: [{ id: tone, question: Is it kind? }, ");
const likert = choices.replace(/scale: .*/, "scale: { kind: likert, min: 1, max: 5 }");

async function read(lines: readonly unknown[], rubric = choices): Promise<HumanLabels> {
  const folder = aFolder({
    "rubric.yml": rubric,
    "labels.jsonl": lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
  });
  return readHumanLabels(
    join(folder, "labels.jsonl"),
    "labels.jsonl",
    await readRubric(folder, "rubric.yml"),
  );
}

async function problems(lines: readonly unknown[], rubric = choices): Promise<string[]> {
  try {
    await read(lines, rubric);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError) || error.code !== "DATASET_INVALID") throw error;
    return error.problems.map(renderProblem);
  }
}

const output = { id: "a", output: "Yes.", human: "supported" };

describe("human labels", () => {
  it("are outputs with a label, for a judge to be asked", async () => {
    const { labels, file } = await read([{ ...output, vars: { query: "q" }, expected: "Yes" }]);
    expect(file).toBe("labels.jsonl");
    expect(labels).toEqual([
      {
        kind: "output",
        id: "a",
        vars: { query: "q" },
        expected: "Yes",
        output: "Yes.",
        isWhole: false,
        human: [1],
        stored: null,
      },
    ]);
  });

  it("have a label for each criterion where there are several", async () => {
    const { labels } = await read([{ ...output, human: { grounded: "silent", tone: "partly" } }], two);
    expect(labels[0]).toMatchObject({ human: [0.5, "not applicable"] });
  });

  it("are grades of a scale, or a score of the whole output", async () => {
    expect((await read([{ ...output, human: 4 }], likert)).labels[0]).toMatchObject({ human: [0.75] });
    const whole = await read(
      [{ id: "a", output: "Yes.", score: 0.7, verdict: { grounded: "partly", tone: "silent" } }],
      two,
    );
    expect(whole.labels[0]).toMatchObject({ isWhole: true, human: [0.7], stored: [[0.5]] });
  });

  it("may hold answers made elsewhere, with repeats and gaps, and then need no output", async () => {
    const { labels } = await read([{ id: "a", human: "partly", verdicts: ["partly", null, "silent"] }]);
    expect(labels[0]).toMatchObject({ output: null, stored: [[0.5], null, ["not applicable"]] });
  });

  it("are pairs with the better one, and answers in both orders", async () => {
    const { labels } = await read([
      { id: "a", human: 2, verdict_ab: 1, verdict_ba: null },
      { id: "b", human: 1, verdict_ab: "tie", verdict_ba: 2 },
    ]);
    expect(labels).toMatchObject([
      { kind: "pair", human: 2, outputs: null, stored: { asGiven: 1, reversed: null } },
      { kind: "pair", human: 1, stored: { asGiven: "tie", reversed: 2 } },
    ]);
  });

  it("have a digest that their order and form do not change, and their content does", async () => {
    const other = { ...output, id: "b" };
    const { digest } = await read([output, other]);
    expect((await read([other, `{ "human": "supported",  "output": "Yes.", "id": "a" }`])).digest).toBe(
      digest,
    );
    expect((await read([output, { ...other, human: "partly" }])).digest).not.toBe(digest);
  });

  it.each<[string, readonly unknown[], string, string?]>([
    [
      "a label that the scale lacks",
      [{ ...output, human: "ok" }],
      '1:35 human: expected one of "supported", "partly", "unsupported", "silent", got "ok"',
    ],
    [
      "a grade outside of the scale",
      [{ ...output, human: 6 }],
      "1:35 human: expected a whole number from 1 to 5, got 6",
      likert,
    ],
    [
      "half a grade",
      [{ ...output, human: 1.5 }],
      "1:35 human: expected a whole number from 1 to 5, got 1.5",
      likert,
    ],
    [
      "one label for two criteria",
      [output],
      '1:35 human: expected a label for each criterion: "tone", "grounded"',
      two,
    ],
    [
      "a criterion without a label",
      [{ ...output, human: { tone: "partly" } }],
      '1:35 human: expected a label for the criterion "grounded"',
      two,
    ],
    [
      "a criterion of another rubric",
      [{ ...output, human: { grounded: "partly", style: "partly" } }],
      "1:64 human.style: the rubric has no such criterion",
    ],
    [
      "no label",
      [{ id: "a", output: "Yes." }],
      "1:1: expected human, the people's label, or score, a number from 0 to 1",
    ],
    [
      "label and score",
      [{ ...output, score: 1 }],
      "1:1: expected human, the people's label, or score, a number from 0 to 1",
    ],
    ["nothing to judge", [{ id: "a", human: "partly" }], "1:1: expected output, the text that people graded"],
    ["an empty output", [{ ...output, output: " " }], '1:20 output: expected text, got ""'],
    [
      "a verdict that the scale lacks",
      [{ ...output, verdicts: ["partly", "no"] }],
      '1:68 verdicts[1]: expected one of "supported", "partly", "unsupported", "silent", got "no"',
    ],
    [
      "verdict and verdicts",
      [{ ...output, verdict: "partly", verdicts: ["partly"] }],
      "1:77 verdicts: expected verdict or verdicts, not both",
    ],
    [
      "verdicts in some lines only",
      [output, { ...output, id: "b", verdict: "partly" }],
      "2:1: expected verdicts in all lines or in none",
    ],
    [
      "outputs and pairs",
      [
        { id: "b", human: 1, verdict_ab: 1, verdict_ba: 1 },
        { ...output, verdict: "partly" },
      ],
      "2:1: expected outputs or pairs of outputs in the whole file, not both",
    ],
    [
      "labels and scores",
      [output, { id: "b", output: "No.", score: 0 }],
      "2:1: expected human in all lines or score in all lines",
    ],
    [
      "one order of a pair",
      [{ id: "a", human: 1, verdict_ab: 1 }],
      "1:1: expected verdict_ab and verdict_ba: one answer for each order",
    ],
    [
      "a pair that people call equal",
      [{ id: "a", human: "tie", outputs: ["x", "y"] }],
      "1:19 human: expected 1 or 2: the better output of the pair",
    ],
    [
      "a pair with one output's verdict",
      [{ id: "a", human: 1, outputs: ["x", "y"], verdict: "partly" }],
      "1:51 verdict: verdict does not go with a pair of outputs",
    ],
    ["an id twice", [output, output], "2:7 id: expected an id of its own"],
    [
      "a key that is not known",
      [{ ...output, verdct: "partly" }],
      '1:47 verdct: unknown key; did you mean "verdict"?',
    ],
    [
      "no JSON",
      ["{"],
      '1:2: expected a key in "double quotes", but the text ends here; the file ends here without a line end: was it cut off?',
    ],
    ["nothing", [""], ": has no labels: expected at least one"],
  ])("refuse %s", async (_, lines, expected, rubric) => {
    expect(await problems(lines, rubric)).toEqual([
      `labels.jsonl${expected.startsWith(":") ? "" : ":"}${expected}`,
    ]);
  });

  it("show what is invisible", async () => {
    const [problem] = await problems([{ ...output, human: "sup\u202eported" }]);
    expect(problem).toContain("sup\\u{202e}ported");
  });

  it("say where a missing file is missed", async () => {
    const folder = aFolder({ "rubric.yml": choices });
    const rubric = await readRubric(folder, "rubric.yml");
    await expect(readHumanLabels(join(folder, "none.jsonl"), "none.jsonl", rubric)).rejects.toMatchObject({
      code: "DATASET_INVALID",
      message: "none.jsonl: no such file",
    });
  });
});
