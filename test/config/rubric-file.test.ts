import { describe, expect, it } from "vitest";
import { readRubric } from "../../src/config/rubric-file.ts";
import type { Rubric } from "../../src/domain/rubric.ts";
import { aFolder, files } from "./project-folder.ts";

const base = files["faithfulness.yml"];
const likert = base.replace(/scale: .*/, "scale: { kind: likert, min: 1, max: 5 }");

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

  it("has a digest of what shapes its scores, and of nothing else", async () => {
    const { digest } = await read(base);
    expect((await read(`# note\n${base}calibration: labels.jsonl\ndescription: x\n`)).digest).toBe(digest);
    for (const text of [
      `${base}threshold: 0.5\n`,
      `${base}instructions: Be strict\n`,
      base.replace("partly: 0.5", "partly: 0.4"),
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
    [base.replace("model: judge\n", ""), "r.yml:1:1 model: expected a model, or a panel of models, got nothing"],
    [
      `${base}  - { id: grounded, question: Again? }\n`,
      "r.yml:7:11 criteria[1].id: expected an id of its own; another criterion has it",
    ],
    [`${base}treshold: 1\n`, 'r.yml:7:1 treshold: unknown key; did you mean "threshold"?'],
  ])("%#: is refused", async (text, expected) => {
    await expect(read(text)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(expected) as unknown,
    });
  });
});
