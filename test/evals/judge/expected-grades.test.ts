import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import type { JudgeTask } from "../../../src/domain/judge-layout.ts";
import type { GradeToken } from "../../../src/domain/model.ts";
import { vectors } from "../../stats/vectors.ts";
import { aRubric, judgeWith, reply } from "./judges.ts";

const scale = { kind: "likert", min: 1, max: 5, expected: true } as const;
const rubric = aRubric({ scale, threshold: 0.6 });
const { logprobs, expected } = vectors.g_eval_expected;

/** A token at every single digit of the text, as a server gives them. */
function digitTokens(text: string, logProbabilities: Record<string, number> = logprobs): GradeToken[] {
  return Array.from(text.matchAll(/[1-5]/g), ({ index }) => ({ offset: index, logProbabilities }));
}

function graded(task: JudgeTask, grade: number, reasoning = "Weighed."): string {
  return JSON.stringify({ ...reply(task, grade), reasoning });
}

describe("an expected grade", () => {
  it("is the mean over the probabilities of all grades, rescaled to the scale", async () => {
    const { score, requests } = await judgeWith(
      (task) => {
        const text = graded(task, 4);
        return { text, gradeTokens: digitTokens(text) };
      },
      { rubric },
    );
    expect(score.kind === "scored" && score.value).toBeCloseTo((expected - 1) / 4, 6);
    expect(score).toMatchObject({ pass: true, criteria: [{ label: 4 }] });
    expect(requests[0]?.gradeTokens).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("is not asked for by a plain scale", async () => {
    const { requests, score } = await judgeWith((task) => graded(task, 4), {
      rubric: aRubric({ scale: { kind: "likert", min: 1, max: 5 } }),
    });
    expect(requests[0]).not.toHaveProperty("gradeTokens");
    expect(score).toMatchObject({ kind: "scored", value: 0.75 });
  });

  it("is read where the label stands, whatever else the reply holds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.constantFrom('"label":1', '{"criteria":[{"label":1}]}', "criteria label 5", '\\"label\\":2'),
        async (noise, decoy) => {
          const { score } = await judgeWith(
            (task) => {
              const said = { ...reply(task, 4), reasoning: `${noise}${decoy}.` };
              const criteria = [{ id: "grounded", label: 4, evidence: `${decoy}${noise}` }];
              const text = `\`\`\`json\n${JSON.stringify({ ...said, criteria }, null, 2)}\n\`\`\``;
              const place = text.lastIndexOf('"label": 4') + '"label": '.length;
              const gradeTokens = digitTokens(text, { 1: -0.1 }).map((token) =>
                token.offset === place ? { ...token, logProbabilities: { 4: -0.5, 5: -0.5 } } : token,
              );
              return { text, gradeTokens };
            },
            { rubric },
          );
          expect(score).toMatchObject({ kind: "scored", value: 0.875 });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("gives each criterion its own grade in any order", async () => {
    const { score } = await judgeWith(
      (task) => {
        const text = JSON.stringify({
          nonce: task.nonce,
          reasoning: "Both weighed.",
          criteria: [
            { evidence: "", label: 1, id: "b" },
            { evidence: "", label: 5, id: "a" },
          ],
        });
        const [one = 0, five = 0] = Array.from(text.matchAll(/"label":/g), ({ index }) => index + 8);
        return {
          text,
          gradeTokens: [
            { offset: one, logProbabilities: { 1: 0 } },
            { offset: five, logProbabilities: { 5: Math.log(0.5), 3: Math.log(0.5) } },
          ],
        };
      },
      {
        rubric: aRubric({
          scale,
          criteria: ["a", "b"].map((id) => ({ id, question: `${id}?` })),
        }),
      },
    );
    expect(score.criteria.map(({ id, value }) => [id, value])).toEqual([
      ["a", 0.75],
      ["b", 0],
    ]);
  });

  it.each<[name: string, gradeTokens: (text: string) => GradeToken[] | undefined, reason: RegExp]>([
    ["the provider gives no probabilities", () => undefined, /no token probabilities/],
    ["no token could be placed", () => [], /cannot be told from other text/],
    [
      "the grade is a part of a larger token",
      (text) => digitTokens(text).filter(({ offset }) => text[offset + 1] !== ","),
      /cannot be told/,
    ],
    [
      "the token at the place is another one",
      (text) => digitTokens(text, { 1: -0.1, 2: -2 }),
      /cannot be told from other text/,
    ],
  ])("is unscored, and never the grade itself, when %s", async (_, gradeTokens, reason) => {
    const { score, requests } = await judgeWith(
      (task) => {
        const text = graded(task, 4);
        const tokens = gradeTokens(text);
        return { text, ...(tokens === undefined ? {} : { gradeTokens: tokens }) };
      },
      { rubric },
    );
    expect(score).toMatchObject({ kind: "unscored", reason: expect.stringMatching(reason) as unknown });
    expect(requests).toHaveLength(1);
  });

  it.each(["4.0", "4e0", "04"])("is unscored for a grade written as %s", async (written) => {
    const { score } = await judgeWith(
      (task) => {
        const text = graded(task, 4).replace('"label":4', `"label":${written}`);
        return { text, gradeTokens: digitTokens(text) };
      },
      { rubric },
    );
    expect(score.kind).toBe("unscored");
  });

  it("does not excuse a reply that breaks the contract", async () => {
    const { score } = await judgeWith(
      (task) => {
        const text = graded({ ...task, nonce: "0".repeat(32) }, 4);
        return { text, gradeTokens: digitTokens(text) };
      },
      { rubric },
    );
    expect(score).toMatchObject({ kind: "unscored", reason: expect.stringMatching(/nonce/) as unknown });
  });
});
