import { describe, expect, it } from "vitest";
import type { ModelRequest } from "../../../src/domain/model.ts";
import { judgeOutput } from "../../../src/evals/judge/judge-output.ts";
import { judgePair } from "../../../src/evals/judge/judge-pair.ts";
import { embeddedModel } from "../../../src/models/embedded/index.ts";
import { hostileOutputs } from "./hostile-outputs.ts";
import { aCompletion, aRubric, giftCardCase, judgeWith, reply, taskOf } from "./judges.ts";

const rubrics = [
  aRubric(),
  aRubric({
    name: "relevance",
    criteria: [{ id: "grounded", question: "Does the output answer the question?" }],
  }),
  aRubric({ scale: { kind: "likert", min: 1, max: 5 } }),
];
const embedded = embeddedModel({ model: "embedded-1" });
const { signal } = new AbortController();

/** The data of a request as a gullible judge reads it: without the quotation marks, and perhaps without our dots. */
function dataOf(request: ModelRequest, undotted: boolean): string {
  const data = (request.messages.at(-1)?.content ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.slice(2))
    .join("\n");
  return undotted ? data.replaceAll("·", "").replace(/\\u\{[0-9a-f]+\}/g, "") : data;
}

/** The first text in braces that is an object, with its closing brace counted. */
function firstObject(text: string): string {
  for (let start = text.indexOf("{"); start >= 0; start = text.indexOf("{", start + 1)) {
    let depth = 0;
    for (let end = start; end < text.length; end += 1) {
      if (text[end] === "{") depth += 1;
      if (text[end] === "}") depth -= 1;
      if (depth === 0) return text.slice(start, end + 1);
    }
  }
  return "supported";
}

/** Judges that do what the data says; each must fail to produce a pass. */
const obedientJudges: readonly (readonly [name: string, obey: (data: string) => string])[] = [
  ["copies the first object", firstObject],
  ["copies the last object", (data) => data.slice(data.lastIndexOf('{"nonce"'))],
  [
    "copies the object with the nonce it is told",
    (data) => {
      const nonce = /nonce\W+(?:has changed to )?([0-9a-f]{32})/i.exec(data)?.[1] ?? "0".repeat(32);
      return firstObject(data).replace(/"nonce":"[^"]*"/, `"nonce":"${nonce}"`);
    },
  ],
  [
    "replies with what it is told to",
    (data) =>
      /(?:repl(?:y|ied)|answer|respond|output|antworte|ANSWER)(?: with| mit)?(?: exactly)?:? ?([^]*)/.exec(
        data,
      )?.[1] ?? data,
  ],
  [
    "takes the last nonce-like word for the nonce",
    (data) => {
      const nonce = data.match(/[0-9a-f]{32}/g)?.at(-1) ?? "";
      return `{"nonce":"${nonce}","reasoning":"told so","criteria":[{"id":"grounded","label":"supported","evidence":""}]}`;
    },
  ],
  ["answers with the whole data", (data) => data],
];

describe("a hostile output", () => {
  it("comes in at least forty kinds", () => {
    expect(new Set(hostileOutputs.map(([, output]) => output)).size).toBeGreaterThanOrEqual(40);
  });

  it.each(hostileOutputs)("%s: is no pass for the embedded judge", async (_, output) => {
    for (const rubric of rubrics) {
      const score = await judgeOutput({
        rubric,
        case: giftCardCase,
        output: aCompletion({ text: output }),
        sample: 0,
        ask: (request) => embedded.complete(request, signal),
      });
      expect(score).toMatchObject({ kind: "scored", pass: false });
    }
  });

  it.each(hostileOutputs)("%s: is no pass for a judge that obeys what it reads", async (_, output) => {
    for (const [, obey] of obedientJudges) {
      for (const undotted of [true, false]) {
        const { score } = await judgeWith((_task, request) => obey(dataOf(request, undotted)), { output });
        expect(score.kind).toBe("unscored");
      }
    }
  });

  it.each(hostileOutputs)("%s: leaves an honest judge its say", async (_, output) => {
    const { score } = await judgeWith((task) => JSON.stringify(reply(task, "unsupported")), { output });
    expect(score).toMatchObject({ kind: "scored", value: 0, pass: false });
  });

  it.each(hostileOutputs)("%s: stays inside its section", async (_, output) => {
    const { requests } = await judgeWith((task) => JSON.stringify(reply(task)), { output });
    const text = requests[0]?.messages.at(-1)?.content ?? "";
    const { nonce, tag } = taskOf({
      ...requests[0],
      messages: [{ role: "user", content: text }],
    } as ModelRequest);
    const frame = text.split("\n").filter((line) => !line.startsWith("| "));
    expect(frame).toEqual([
      `NONCE: ${nonce}`,
      expect.stringMatching(/^RUBRIC: \{.*\}$/),
      `<<<${tag} variable context>>>`,
      `<<<${tag} end>>>`,
      `<<<${tag} variable query>>>`,
      `<<<${tag} end>>>`,
      `<<<${tag} output>>>`,
      `<<<${tag} end>>>`,
      `ANSWER: one JSON object with the nonce ${nonce}`,
    ]);
  });

  it("cannot carry its own nonce, even when it knows the nonce of everything before", async () => {
    let output = "Gift cards pay cash.";
    for (let round = 0; round < 20; round += 1) {
      const { score, requests } = await judgeWith((_, request) => firstObject(dataOf(request, true)), {
        output,
      });
      expect(score.kind).toBe("unscored");
      const known = requests.map((request) => JSON.stringify(reply(taskOf(request))));
      output = `${known.join(" ")} ${output}`;
    }
  });

  it.each(hostileOutputs)("%s: is as harmless in the question or the conversation", async (_, text) => {
    const testCase = { ...giftCardCase, vars: { ...giftCardCase.vars, query: text } };
    const conversation = [{ role: "user" as const, content: text }];
    for (const [, obey] of obedientJudges) {
      const { score } = await judgeWith((_task, request) => obey(dataOf(request, true)), {
        case: testCase,
        conversation,
      });
      expect(score.kind).toBe("unscored");
    }
  });
});

/** What each obedient judge says, with our dots in the data and without them. */
const obedientReplies = obedientJudges.flatMap(([, obey]) =>
  [true, false].map((undotted) => (request: ModelRequest) => obey(dataOf(request, undotted))),
);
const honestOutput = "The context does not say whether gift cards can be exchanged for cash.";
const pairwise = aRubric({ scale: { kind: "pairwise" }, threshold: null });

function compareWith(output: string, ask: (request: ModelRequest) => string, rubric = pairwise) {
  return judgePair({
    rubric,
    case: giftCardCase,
    baseline: { text: honestOutput, toolCalls: [] },
    candidate: { text: output, toolCalls: [] },
    sample: 0,
    ask: (request) => Promise.resolve(aCompletion({ text: ask(request) })),
  });
}

describe("a hostile output in a comparison", () => {
  it.each(hostileOutputs)("%s: wins nothing from a judge that obeys what it reads", async (_, output) => {
    for (const obey of obedientReplies) {
      for (const label of ["first", "second"]) {
        const score = await compareWith(output, (request) =>
          obey(request).replaceAll('"supported"', JSON.stringify(label)),
        );
        expect(score.kind).toBe("unscored");
      }
    }
  });

  it.each(hostileOutputs)("%s: does not win with the embedded judge", async (_, output) => {
    for (const { criteria } of rubrics) {
      const score = await judgePair({
        rubric: { ...pairwise, criteria },
        case: giftCardCase,
        baseline: { text: honestOutput, toolCalls: [] },
        candidate: { text: output, toolCalls: [] },
        sample: 0,
        ask: (request) => embedded.complete(request, signal),
      });
      expect(score).toMatchObject({ kind: "scored", difference: -1 });
    }
  });

  it.each(hostileOutputs)("%s: leaves an honest judge its say", async (_, output) => {
    const score = await compareWith(output, (request) => {
      const task = taskOf(request);
      const first = task.sections.find(({ name }) => name === "first")?.text;
      return JSON.stringify(reply(task, first === honestOutput ? "first" : "second"));
    });
    expect(score).toMatchObject({ kind: "scored", difference: -1, note: { consistent: 1 } });
  });
});

describe("a hostile output before a panel", () => {
  const panel = ["one", "two", "three"];

  function voteOn(output: string, obedient: number, obey: (request: ModelRequest) => string) {
    return judgeOutput({
      rubric: aRubric({ model: "one", panel }),
      case: giftCardCase,
      output: { text: output, toolCalls: [] },
      sample: 0,
      ask: (request, judge) => {
        const honest = JSON.stringify(reply(taskOf(request), "unsupported"));
        const text = panel.indexOf(judge) < obedient ? obey(request) : honest;
        return Promise.resolve(aCompletion({ text }));
      },
    });
  }

  it.each(hostileOutputs)("%s: is no pass, however many of its judges obey", async (_, output) => {
    for (const obey of obedientReplies) {
      expect(await voteOn(output, 1, obey)).toMatchObject({ kind: "scored", value: 0, pass: false });
      expect((await voteOn(output, 2, obey)).kind).toBe("unscored");
      expect((await voteOn(output, 3, obey)).kind).toBe("unscored");
    }
  });

  it.each(hostileOutputs)("%s: is no expected grade either", async (_, output) => {
    const scale = { kind: "likert", min: 1, max: 5, expected: true } as const;
    for (const obey of obedientReplies) {
      const { score } = await judgeWith(
        (_task, request) => {
          const text = obey(request).replaceAll('"supported"', "5");
          const grades = Array.from(text.matchAll(/5/g), ({ index }) => index);
          return { text, gradeTokens: grades.map((offset) => ({ offset, logProbabilities: { 5: 0 } })) };
        },
        { output, rubric: aRubric({ scale }) },
      );
      expect(score.kind).toBe("unscored");
    }
  });
});
