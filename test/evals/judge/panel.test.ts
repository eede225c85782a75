import { describe, expect, it } from "vitest";
import { GateError } from "../../../src/domain/errors.ts";
import type { JudgeTask } from "../../../src/domain/judge-layout.ts";
import type { Rubric } from "../../../src/domain/rubric.ts";
import { judgeOutput } from "../../../src/evals/judge/judge-output.ts";
import { aCompletion, aRubric, giftCardCase, reply, taskOf } from "./judges.ts";

type Vote = string | number | null;

function said(task: JudgeTask, votes: readonly Vote[]): string {
  if (votes.includes(null)) return "I would rather not say.";
  return JSON.stringify({
    ...reply(task),
    reasoning: `I say ${votes.join(" and ")}.`,
    criteria: task.rubric.criteria.map(({ id }, index) => ({ id, label: votes[index], evidence: "" })),
  });
}

/** A panel whose judges give these votes, one list of a label per criterion for each judge. */
async function vote(votes: readonly (readonly Vote[])[], fields: Partial<Rubric> = {}) {
  const panel = votes.map((_, index) => `judge-${index}`);
  const asked: string[] = [];
  const score = await judgeOutput({
    rubric: aRubric({ model: "judge-0", panel, ...fields }),
    case: giftCardCase,
    output: { text: "Yes, at every branch.", toolCalls: [] },
    sample: 0,
    ask: (request, judge) => {
      asked.push(judge);
      return Promise.resolve(aCompletion({ text: said(taskOf(request), votes[panel.indexOf(judge)] ?? []) }));
    },
  });
  return { score, asked };
}

const yes = "supported";
const partly = "partly";
const no = "unsupported";

describe("a panel", () => {
  it.each<[votes: Vote[], value: number]>([
    [[yes, yes, no], 1],
    [[no, yes, no], 0],
    [[partly, partly, partly], 0.5],
    [[yes, null, yes], 1],
    [[yes, no, no, partly, no], 0],
  ])("%j: the majority is the score", async (votes, value) => {
    const { score, asked } = await vote(votes.map((each) => [each]));
    expect(score).toMatchObject({ kind: "scored", value });
    expect(new Set(asked).size).toBe(votes.length);
  });

  it.each<[votes: Vote[], counted: RegExp]>([
    [[yes, partly, no], /supported 1, partly 1, unsupported 1/],
    [[yes, null, no], /supported 1, no usable answer 1, unsupported 1/],
    [[null, null, yes], /no usable answer 2, supported 1/],
    [[yes, yes, no, no, partly], /supported 2, unsupported 2, partly 1/],
    [[yes, yes, no, null, partly], /supported 2, unsupported 1, no usable answer 1, partly 1/],
  ])("%j: without a majority of all judges it is unscored", async (votes, counted) => {
    const { score } = await vote(votes.map((each) => [each]));
    expect(score).toMatchObject({ kind: "unscored", reason: expect.stringMatching(counted) as unknown });
  });

  it("votes on each criterion by itself and keeps every vote", async () => {
    const { score } = await vote(
      [
        [yes, no],
        [no, no],
        [yes, yes],
      ],
      { criteria: ["a", "b"].map((id) => ({ id, question: `${id}?` })), threshold: null },
    );
    expect(score).toMatchObject({
      kind: "scored",
      value: 0.5,
      note: { kind: "panel", votes: { a: [yes, no, yes], b: [no, no, yes] } },
      reason:
        "votes a: supported 2, unsupported 1; b: unsupported 2, supported 1. I say supported and unsupported.",
    });
    expect(score.attempts.map(({ judge }) => judge)).toEqual(["judge-0", "judge-1", "judge-2"]);
  });

  it("keeps the votes of a panel without a majority", async () => {
    const { score } = await vote([[yes], [partly], [null]]);
    expect(score.note).toEqual({ kind: "panel", votes: { grounded: [yes, partly, null] } });
  });

  it("is as silent as its first failing judge, when all calls have ended", async () => {
    let ended = 0;
    const judged = judgeOutput({
      rubric: aRubric({ panel: ["judge-0", "judge-1", "judge-2"] }),
      case: giftCardCase,
      output: { text: "Yes.", toolCalls: [] },
      sample: 0,
      ask: async (request, judge) => {
        if (judge === "judge-0") throw new GateError("TIMEOUT", "no answer");
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        ended += 1;
        return aCompletion({ text: JSON.stringify(reply(taskOf(request))) });
      },
    });
    await expect(judged).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(ended).toBe(2);
  });
});
