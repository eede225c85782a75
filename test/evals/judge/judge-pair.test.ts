import { describe, expect, it } from "vitest";
import type { ModelRequest } from "../../../src/domain/model.ts";
import type { Rubric } from "../../../src/domain/rubric.ts";
import type { Output } from "../../../src/evals/judge/judge-task.ts";
import { aRubric, aCompletion, giftCardCase, taskOf } from "./judges.ts";
import { judgePair } from "../../../src/evals/judge/judge-pair.ts";

const old: Output = { text: "Gift cards are not covered.", toolCalls: [] };
const young: Output = { text: "Gift cards pay cash.", toolCalls: [] };

/** Which output the judge says is better, seeing them in this order; one label per criterion. */
type Taste = (first: string, second: string) => readonly string[] | string;

async function compare(
  taste: Taste,
  {
    baseline = old,
    candidate = young,
    ...fields
  }: Partial<Rubric> & { baseline?: Output; candidate?: Output } = {},
) {
  const requests: ModelRequest[] = [];
  const score = await judgePair({
    rubric: aRubric({ scale: { kind: "pairwise" }, threshold: null, ...fields }),
    case: giftCardCase,
    baseline,
    candidate,
    sample: 0,
    ask: (request) => {
      requests.push(request);
      const task = taskOf(request);
      const shown = (name: string): string =>
        task.sections.find((section) => section.name === name)?.text ?? "";
      const labels = [taste(shown("first"), shown("second"))].flat();
      const criteria = task.rubric.criteria.map(({ id }, index) => ({
        id,
        label: labels[index],
        evidence: "",
      }));
      return Promise.resolve(
        aCompletion({ text: JSON.stringify({ nonce: task.nonce, reasoning: "Compared.", criteria }) }),
      );
    },
  });
  return { score, requests };
}

const prefers =
  (text: string): Taste =>
  (first) =>
    first === text ? "first" : "second";

describe("a comparison of two outputs", () => {
  it.each<[what: string, taste: Taste, difference: number, note: object]>([
    ["the candidate in both orders", prefers(young.text), 1, { consistent: 1, first: 1, second: 1 }],
    ["the baseline in both orders", prefers(old.text), -1, { consistent: 1, first: 1, second: 1 }],
    ["neither", () => "tie", 0, { consistent: 1, first: 0, second: 0 }],
    ["whatever stands first", () => "first", 0, { consistent: 0, first: 2, second: 0 }],
    ["whatever stands second", () => "second", 0, { consistent: 0, first: 0, second: 2 }],
    [
      "the candidate in one order only",
      (first) => (first === young.text ? "first" : "tie"),
      0.5,
      { consistent: 0, first: 1, second: 0 },
    ],
  ])("is decided by a judge that prefers %s", async (_, taste, difference, note) => {
    const { score, requests } = await compare(taste);
    expect(score).toMatchObject({
      kind: "scored",
      difference,
      note: { kind: "pairwise", judged: 1, ...note },
    });
    expect(requests).toHaveLength(2);
  });

  it("shows both outputs in both orders, under marks of their own", async () => {
    const { requests } = await compare(() => "tie", {
      candidate: { ...young, toolCalls: [{ name: "refund", arguments: "{}" }] },
    });
    const [one, other] = requests.map(taskOf);
    const outputs = [one, other].map((task) =>
      task?.sections.filter(({ kind }) => kind === "output").map(({ name, text }) => [name, text]),
    );
    expect(outputs).toEqual([
      [
        ["first", old.text],
        ["second", young.text],
        ["second.tool-call", "refund({})"],
      ],
      [
        ["first", young.text],
        ["first.tool-call", "refund({})"],
        ["second", old.text],
      ],
    ]);
    expect(one?.nonce).not.toBe(other?.nonce);
    expect(one?.rubric.scale).toEqual({ kind: "pairwise" });
  });

  it("averages its criteria", async () => {
    const { score } = await compare((first) => [first === young.text ? "first" : "second", "tie"], {
      criteria: ["a", "b"].map((id) => ({ id, question: `${id}?` })),
    });
    expect(score).toMatchObject({ difference: 0.5, note: { judged: 2, consistent: 2 } });
  });

  it.each<[what: string, baseline: Output, candidate: Output, difference: number]>([
    ["equal outputs", young, { ...young }, 0],
    ["two empty outputs", { text: " ", toolCalls: [] }, { text: "", toolCalls: [] }, 0],
    ["an empty candidate", old, { text: "\n", toolCalls: [] }, -1],
    ["an empty baseline", { text: "", toolCalls: [] }, young, 1],
  ])("needs no judge for %s", async (_, baseline, candidate, difference) => {
    const { score, requests } = await compare(() => "second", { baseline, candidate });
    expect(score).toMatchObject({ kind: "scored", difference, note: { judged: 0 } });
    expect(requests).toEqual([]);
  });

  it("takes outputs for different that differ in their tool calls alone", async () => {
    const { requests } = await compare(() => "tie", {
      baseline: young,
      candidate: { ...young, toolCalls: [{ name: "refund", arguments: "{}" }] },
    });
    expect(requests).toHaveLength(2);
  });

  it.each(["candidate", "1", "First", "first "])("is unscored when a label is %j", async (label) => {
    const { score, requests } = await compare((first) => (first === young.text ? label : "first"));
    expect(score).toEqual({
      kind: "unscored",
      reason: expect.stringMatching(/none of "first", "second" and "tie"/) as unknown,
    });
    expect(requests).toHaveLength(3);
  });
});
