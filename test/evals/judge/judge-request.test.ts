import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import { textDigest } from "../../../src/domain/digest.ts";
import { judgeFingerprint, judgePromptVersion } from "../../../src/evals/judge/judge-request.ts";
import { aRubric, giftCardCase, judgeWith, reply, taskOf } from "./judges.ts";

type Judged = NonNullable<Parameters<typeof judgeWith>[1]>;

async function requestOf(judged: Judged = {}) {
  const { requests } = await judgeWith((task) => JSON.stringify(reply(task)), judged);
  const [request] = requests;
  if (request === undefined) throw new Error("the judge was not asked");
  return request;
}

async function marksOf(judged: Judged = {}): Promise<string> {
  const { nonce, tag } = taskOf(await requestOf(judged));
  return `${nonce} ${tag}`;
}

describe("the request to a judge", () => {
  it("holds what was given, what was expected and what came out, each in a section of its own", async () => {
    const request = await requestOf({
      case: {
        ...giftCardCase,
        vars: { query: "Can I?", order: { total: 5 }, "odd name>>>": "x" },
        expected: ["No"],
      },
      conversation: [{ role: "system", content: "Be kind." }],
      output: "No.\nSorry.",
    });
    expect(taskOf(request).sections).toEqual([
      { kind: "variable", name: "query", text: "Can I?" },
      { kind: "variable", name: "order", text: '{"total":5}' },
      { kind: "variable", name: "odd_name___", text: "x" },
      { kind: "expected", name: "", text: '["No"]' },
      { kind: "message", name: "system", text: "Be kind." },
      { kind: "output", name: "", text: "No.\nSorry." },
    ]);
  });

  it("asks for one JSON object, tells labels from best to worst and never their scores", async () => {
    const request = await requestOf({ rubric: aRubric({ instructions: "Prices count as claims." }) });
    expect(request).toMatchObject({
      responseFormat: "json_object",
      tools: [],
      parameters: { temperature: 0 },
    });
    expect(taskOf(request).rubric).toEqual({
      name: "faithfulness",
      scale: {
        kind: "choices",
        labels: ["supported", "partly", "unsupported"],
        notApplicable: ["does not apply"],
      },
      criteria: [{ id: "grounded", question: "Is every claim in the answer supported by the context?" }],
    });
    expect(request.messages[0]?.content).toContain("Prices count as claims.");
  });

  it("is the same bytes for the same output, so that a stored answer can be used again", async () => {
    expect(await requestOf()).toEqual(await requestOf());
  });

  it.each<[what: string, change: Judged]>([
    ["another output", { output: "You can return it within 31 days." }],
    ["another case", { case: { ...giftCardCase, id: "other" } }],
    ["another variable", { case: { ...giftCardCase, vars: { ...giftCardCase.vars, order: 1 } } }],
    ["an expected answer", { case: { ...giftCardCase, expected: "No" } }],
    ["another sample", { sample: 1 }],
    ["another rubric", { rubric: aRubric({ digest: textDigest("other") }) }],
    ["a conversation", { conversation: [{ role: "user", content: "Hello" }] }],
  ])("has other marks for %s", async (_, change) => {
    const before = (await marksOf()).split(" ");
    const after = (await marksOf(change)).split(" ");
    expect(after.filter((mark) => before.includes(mark))).toEqual([]);
  });

  it("tells apart texts that only UTF-8 makes equal", async () => {
    expect(await marksOf({ output: "\ud800" })).not.toBe(await marksOf({ output: "\ufffd" }));
  });

  it("has marks of 128 bits that no section holds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (output) => {
        const { nonce, tag, sections } = taskOf(await requestOf({ output }));
        expect([nonce, tag]).toEqual([
          expect.stringMatching(/^[0-9a-f]{32}$/),
          expect.stringMatching(/^[0-9a-f]{32}$/),
        ]);
        expect(sections.filter(({ text }) => text.includes(nonce) || text.includes(tag))).toEqual([]);
      }),
    );
  });

  it("shows the beginning and the end of a very long output, and the score says so", async () => {
    const output = `FIRST ${"word ".repeat(1_000_000)}LAST`;
    const { score, requests } = await judgeWith((task) => JSON.stringify(reply(task)), { output });
    const shown = requests[0] === undefined ? "" : (taskOf(requests[0]).sections.at(-1)?.text ?? "");
    expect(shown.length).toBeLessThan(61_000);
    expect(shown).toMatch(/^FIRST [^]*\[… \d+ characters left out here …\][^]*LAST$/);
    expect(score).toMatchObject({
      kind: "scored",
      outputCut: true,
      reason: expect.stringMatching(/output cut to 60000/),
    });
  });

  it("stays small for an output of nothing but control characters", async () => {
    const request = await requestOf({ output: "\u202e".repeat(1_000_000) });
    expect(request.messages.at(-1)?.content.length).toBeLessThan(65_000);
  });

  it("shows the reference answer unless the rubric keeps it back", async () => {
    const testCase = { ...giftCardCase, expected: "No" };
    const kinds = async (reference: "required" | "optional" | "off") =>
      taskOf(await requestOf({ case: testCase, rubric: aRubric({ reference }) })).sections.map(
        ({ kind }) => kind,
      );
    expect(await kinds("required")).toContain("expected");
    expect(await kinds("optional")).toContain("expected");
    expect(await kinds("off")).not.toContain("expected");
  });

  it("shows the tool calls of an output", async () => {
    const { requests } = await judgeWith((task) => JSON.stringify(reply(task)), {
      toolCalls: [{ name: "refund", arguments: '{"days":30}' }],
    });
    expect(requests.flatMap((request) => taskOf(request).sections).at(-1)).toEqual({
      kind: "output",
      name: "tool-call",
      text: 'refund({"days":30})',
    });
  });
});

describe("a judge's fingerprint", () => {
  const model = { provider: "openai", model: "gpt-4o-2024-11-20", baseUrl: undefined };

  it.each([
    ["the rubric", judgeFingerprint(aRubric({ digest: textDigest("other") }), model)],
    ["the model", judgeFingerprint(aRubric(), { ...model, model: "gpt-4o-2024-08-06" })],
    ["the provider", judgeFingerprint(aRubric(), { ...model, provider: "embedded" })],
    ["the server", judgeFingerprint(aRubric(), { ...model, baseUrl: "http://localhost:11434/v1" })],
  ])("changes with %s", (_, other) => {
    expect(other).not.toBe(judgeFingerprint(aRubric(), model));
  });

  it("is the same for the same judge", () => {
    expect(judgeFingerprint(aRubric(), model)).toBe(judgeFingerprint(aRubric(), model));
  });

  it("counts what every judge is told: a change of these words needs a new judgePromptVersion", async () => {
    const requests = [
      await requestOf(),
      await requestOf({
        rubric: aRubric({ scale: { kind: "likert", min: 1, max: 5 }, instructions: "Be strict." }),
      }),
      await requestOf({ rubric: aRubric({ scale: { kind: "pairwise" } }) }),
    ];
    const told = textDigest(JSON.stringify(requests));
    expect({ judgePromptVersion, told }).toMatchInlineSnapshot(`
      {
        "judgePromptVersion": 1,
        "told": "sha256:fc71a0aeb390a5756643a52a9ae56a02548a3b69ea91c17e515124dc8c2cef1a",
      }
    `);
  });
});
