import { describe, expect, it } from "vitest";
import { readRubric } from "../../src/config/rubric-file.ts";
import type { Rubric } from "../../src/domain/rubric.ts";
import { aFolder, files } from "./project-folder.ts";

const base = files["faithfulness.yml"];
const likert = base.replace(/scale: .*/, "scale: { kind: likert, min: 1, max: 5 }");

const expected = likert.replace("max: 5", "max: 5, expected: true");
const pairwise = base.replace(/scale: .*/, "scale: { kind: pairwise }");
const panel = base.replace("model: judge", "panel: [a, b, c]");

function read(text: string): Promise<Rubric> {
  return readRubric(aFolder({ "r.yml": text }), "r.yml");
}

describe("a rubric", () => {
  it("is read with defaults", async () => {
    expect(await read(base)).toEqual({
      name: "faithfulness",
      model: "judge",
      scale: { kind: "choices", choices: { supported: 1, partly: 0.5, unsupported: 0, silent: null } },
      criteria: [{ id: "grounded", question: "Is every claim supported?" }],
      reference: "optional",
      threshold: null,
      allowSelfGrading: false,
      instructions: "",
      calibration: null,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as unknown,
    });
    expect((await read(likert)).scale).toEqual({ kind: "likert", min: 1, max: 5 });
  });

  it("may be judged by a panel, by comparison or by expected grades", async () => {
    expect(await read(panel)).toMatchObject({ model: "a", panel: ["a", "b", "c"] });
    expect((await read(pairwise)).scale).toEqual({ kind: "pairwise" });
    expect((await read(expected)).scale).toEqual({ kind: "likert", min: 1, max: 5, expected: true });
    expect(await read(`${base}reference: required\n`)).toMatchObject({ reference: "required" });
  });

  it("has a digest of what shapes its scores, and of nothing else", async () => {
    const { digest } = await read(base);
    expect((await read(`# note\n${base}calibration: labels.jsonl\ndescription: x\n`)).digest).toBe(digest);
    for (const text of [
      `${base}threshold: 0.5\n`,
      `${base}instructions: Be strict\n`,
      base.replace("partly: 0.5", "partly: 0.4"),
      `${base}reference: off\n`,
      panel.replace("[a, b, c]", "[judge, b, c]"),
    ]) {
      expect((await read(text)).digest).not.toBe(digest);
    }
  });

  it.each([
    [
      base.replace("supported: 1,", "supported: 2,"),
      "r.yml:3:47 scale.choices.supported: expected a number of at most 1, got 2",
    ],
    [
      base.replace("partly: 0.5, unsupported: 0", "unsupported: 1"),
      "r.yml:3:34 scale.choices: expected labels with at least two different scores",
    ],
    [likert.replace("max: 5", "max: 1"), "r.yml:3:37 scale.max: expected a grade above min (1), got 1"],
    [
      base.replace("kind: choices", "kind: stars"),
      'r.yml:3:16 scale.kind: expected one of choices, likert, pairwise, got "stars"',
    ],
    [
      base.replace("model: judge\n", ""),
      "r.yml:1:1 model: expected a model, or a panel of models, got nothing",
    ],
    [
      `${base}  - { id: grounded, question: Again? }\n`,
      "r.yml:7:11 criteria[1].id: expected an id of its own; another criterion has it",
    ],
    [
      panel.replace("[a, b, c]", "[a, b, c, d]"),
      "r.yml:2:8 panel: expected an odd number of models, so that votes cannot tie, got 4",
    ],
    [
      panel.replace("[a, b, c]", "[a, b, a]"),
      "r.yml:2:8 panel: expected different models: one that votes twice decides alone",
    ],
    [panel.replace("[a, b, c]", "[a]"), "r.yml:2:8 panel: expected at least 3"],
    [`${panel}model: judge\n`, "r.yml:2:8 panel: expected model or panel, not both"],
    [
      pairwise.replace("model: judge", "panel: [a, b, c]"),
      "r.yml:2:8 panel: a panel votes on single outputs, not on pairs",
    ],
    [
      expected.replace("model: judge", "panel: [a, b, c]"),
      "r.yml:2:8 panel: a panel votes on grades: leave out expected, or name one model",
    ],
    [
      `${pairwise}threshold: 0.5\n`,
      "r.yml:7:12 threshold: a comparison has no score of its own that a case could pass at: leave out threshold",
    ],
    [
      expected.replace("max: 5", "max: 10"),
      "r.yml:3:37 scale.max: expected at most 9 with expected: true, whose grades have one digit, got 10",
    ],
    [`${base}reference: maybe\n`, "r.yml:7:12 reference: expected one of required, optional, off"],
    [`${base}treshold: 1\n`, 'r.yml:7:1 treshold: unknown key; did you mean "threshold"?'],
  ])("%#: is refused", async (text, expected) => {
    await expect(read(text)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(expected) as unknown,
    });
  });
});
