import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import {
  renderJudgeTask,
  type JudgeLabels,
  type JudgeSection,
  type JudgeTask,
} from "../../src/domain/judge-layout.ts";
import { embeddedModel } from "../../src/models/embedded/index.ts";

const choices: JudgeLabels = { kind: "choices", labels: ["good", "partly", "bad"], notApplicable: [] };
const likert: JudgeLabels = { kind: "likert", min: 1, max: 5 };
const support = "Is every claim in the answer supported by the context?";
const answering = "Does the answer address what was asked?";
const context =
  "Refunds are paid within 5 days. Unused items can be returned within 30 days. Gas cartridges cannot be shipped.";

interface Judged {
  readonly question?: string;
  readonly output: string;
  readonly expected?: string;
  readonly criterion: string;
  readonly scale?: JudgeLabels;
  readonly sections?: readonly JudgeSection[];
}

async function complete(task: JudgeTask): Promise<string> {
  const { text } = await embeddedModel({ model: "embedded-1" }).complete(
    {
      messages: [
        { role: "system", content: "Judge." },
        { role: "user", content: renderJudgeTask(task) },
      ],
      parameters: {},
      responseFormat: "json_object",
      tools: [],
      sample: 0,
    },
    new AbortController().signal,
  );
  return text;
}

async function judge(
  judged: Judged,
): Promise<{ label: string | number; evidence: string; reasoning: string }> {
  const { question = "How long do refunds take?", output, expected, criterion, scale = choices } = judged;
  const text = await complete({
    nonce: "ab".repeat(16),
    tag: "cd".repeat(16),
    rubric: { name: "metric", scale, criteria: [{ id: "one", question: criterion }] },
    sections: [
      ...(judged.sections ?? [
        { kind: "variable", name: "context", text: context },
        { kind: "variable", name: "query", text: question },
      ]),
      ...(expected === undefined ? [] : [{ kind: "expected", name: "", text: expected } as const]),
      { kind: "output", name: "", text: output },
    ],
    refused: null,
  });
  const reply = JSON.parse(text) as {
    nonce: string;
    reasoning: string;
    criteria: [{ id: string; label: string | number; evidence: string }];
  };
  expect(Object.keys(reply)).toEqual(["nonce", "reasoning", "criteria"]);
  expect(reply.nonce).toBe("ab".repeat(16));
  const [{ id, label, evidence }] = reply.criteria;
  expect(id).toBe("one");
  return { label, evidence, reasoning: reply.reasoning };
}

describe("the embedded judge on support", () => {
  it.each<[output: string, label: string]>([
    ["Refunds are paid within 5 days.", "good"],
    ["We pay refunds within 5 days. [1]", "good"],
    ["Hello! Refunds are paid within 5 days. Is there anything else I can help you with?", "good"],
    ['{"answer":"Refunds are paid within 5 days.","sources":[1]}', "good"],
    ["Gas cartridges cannot be shipped.", "good"],
    ["I cannot answer this from the information I have.", "good"],
    ["I am handing this over to a colleague who can help you.", "good"],
    ["Das kann ich mit den vorliegenden Informationen nicht beantworten.", "good"],
    ["Refunds are paid within 7 days.", "bad"],
    ["Refunds are not paid within 5 days.", "bad"],
    ["Gas cartridges can be shipped.", "bad"],
    ["Refunds are paid within 5 days. Our specialists arrange everything free of charge.", "partly"],
    ["Our specialists arrange everything free of charge.", "bad"],
    ["I cannot answer this. Our specialists arrange everything free of charge at every branch.", "bad"],
    ["", "bad"],
    ["Hello!", "bad"],
    ["\u200b\u200b", "bad"],
  ])("calls %j %s", async (output, label) => {
    expect((await judge({ output, criterion: support })).label).toBe(label);
  });

  it("quotes the claim that nothing supports", async () => {
    const output = "Refunds are paid within 5 days. Refunds are doubled on Sundays.";
    expect(await judge({ output, criterion: support })).toMatchObject({
      evidence: "Refunds are doubled on Sundays.",
      reasoning: "one: 1 of 2 claims are supported by what was given.",
    });
  });

  it("rescales to whole numbers, the best of them for full support alone", async () => {
    const labels = await Promise.all(
      [0, 1, 4, 20].map(async (supported) => {
        const output = `${"Refunds are paid within 5 days. ".repeat(supported)}Unicorns deliver parcels overnight.`;
        return (await judge({ output, criterion: support, scale: likert })).label;
      }),
    );
    expect(labels).toEqual([1, 3, 4, 4]);
    expect(
      (await judge({ output: "Refunds are paid within 5 days.", criterion: support, scale: likert })).label,
    ).toBe(5);
  });
});

describe("the embedded judge on answering", () => {
  const unanswerable = "Do you sell gift cards?";

  it.each<[name: string, judged: Omit<Judged, "criterion">, label: string]>([
    ["an answer", { output: "Refunds are paid within 5 days." }, "good"],
    ["another topic", { output: "Gas cartridges cannot be shipped." }, "bad"],
    [
      "declining what the context answers",
      { output: "I cannot answer this from the information I have." },
      "bad",
    ],
    [
      "declining what it does not answer",
      { question: unanswerable, output: "I cannot answer this from the information I have." },
      "good",
    ],
    [
      "handing over what it does not answer",
      { question: unanswerable, output: "I am handing this over to a colleague." },
      "good",
    ],
    ["inventing an answer", { question: unanswerable, output: "Sure, at every branch, guaranteed." }, "bad"],
    [
      "declining where the reference declines",
      {
        output: "I am handing this over to a colleague.",
        expected: "I am handing this over to a colleague.",
      },
      "good",
    ],
    [
      "answering where the reference declines",
      { output: "Refunds are paid within 5 days.", expected: "I am handing this over to a colleague." },
      "bad",
    ],
    [
      "declining where the reference answers",
      { question: unanswerable, output: "I cannot answer this.", expected: "No." },
      "bad",
    ],
    ["the reference's figure missing", { output: "Refunds are paid.", expected: "Within 5 days." }, "partly"],
    ["nothing", { question: unanswerable, output: "" }, "bad"],
  ])("%s", async (_, judged, label) => {
    expect((await judge({ ...judged, criterion: answering })).label).toBe(label);
  });

  it("finds context and question in the conversation where no variable holds them", async () => {
    const sections: JudgeSection[] = [
      { kind: "message", name: "system", text: "Answer only from the context." },
      { kind: "message", name: "user", text: `Context: ${context}\n\nQuestion: How long do refunds take?` },
    ];
    expect(
      (await judge({ sections, output: "Refunds are paid within 5 days.", criterion: answering })).label,
    ).toBe("good");
    expect(
      (await judge({ sections, output: "Refunds are paid within 9 days.", criterion: support })).label,
    ).toBe("bad");
  });
});

describe("the embedded judge on anything else", () => {
  const tone = "Is the tone friendly?";

  it("measures likeness to the reference answer", async () => {
    const expected = "Refunds are paid within 5 days.";
    expect((await judge({ output: expected, expected, criterion: tone })).label).toBe("good");
    expect((await judge({ output: "Go away.", expected, criterion: tone })).label).toBe("bad");
  });

  it("says that the criterion does not apply where the rubric has a label for it", async () => {
    const scale: JudgeLabels = { kind: "choices", labels: ["yes", "no"], notApplicable: ["n/a"] };
    expect((await judge({ output: "Hi", criterion: tone, scale })).label).toBe("n/a");
  });

  it.each([choices, likert])("refuses to guess otherwise: %j", async (scale) => {
    await expect(judge({ output: "Hi", criterion: tone, scale })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: 'the embedded model cannot judge the criterion "one"',
    });
  });
});

it("the embedded judge answers in the contract, whatever the text", async () => {
  const text = fc.array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("Refunds are paid. ", "[", '{"a":', "5", "?", "\n"),
    ),
  );
  await fc.assert(
    fc.asyncProperty(text, text, text, async (given, question, output) => {
      const sections: JudgeSection[] = [
        { kind: "variable", name: "context", text: given.join("") },
        { kind: "variable", name: "query", text: question.join("") },
      ];
      const judged = { sections, output: output.join("") };
      const label = (criterion: string) => judge({ ...judged, criterion }).then((reply) => reply.label);
      expect(choices.kind === "choices" && choices.labels).toContain(await label(support));
      expect(await label(support)).toBe(await label(support));
      expect(choices.kind === "choices" && choices.labels).toContain(await label(answering));
    }),
  );
});

async function prefer(first: string, second: string, criterion = support): Promise<unknown> {
  const text = await complete({
    nonce: "ab".repeat(16),
    tag: "cd".repeat(16),
    rubric: {
      name: "metric",
      scale: { kind: "pairwise" },
      criteria: [{ id: "one", question: criterion }],
    },
    sections: [
      { kind: "variable", name: "context", text: context },
      { kind: "variable", name: "query", text: "How long do refunds take?" },
      { kind: "output", name: "first", text: first },
      { kind: "output", name: "second", text: second },
    ],
    refused: null,
  });
  return (JSON.parse(text) as { criteria: { label: string }[] }).criteria[0]?.label;
}

describe("the embedded judge of a comparison", () => {
  const rightAnswer = "Refunds are paid within 5 days.";
  const wrongAnswer = "Refunds are paid in cash at every branch.";

  it.each([
    [rightAnswer, wrongAnswer, "first"],
    [wrongAnswer, rightAnswer, "second"],
    [rightAnswer, rightAnswer, "tie"],
  ])("prefers what the context supports, in any order", async (first, second, label) => {
    expect(await prefer(first, second)).toBe(label);
  });

  it("refuses a criterion that it cannot measure", async () => {
    await expect(prefer(rightAnswer, wrongAnswer, "Is the tone friendly?")).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});
