import { afterEach, describe, expect, it } from "vitest";
import { openaiModel } from "../../src/models/openai.ts";
import { startOpenAiServer, type OpenAiServer } from "../loopback/openai-server.ts";
import { aRequest, loopbackSettings, modelDependencies, noAbort } from "./a-request.ts";

let server: OpenAiServer;

interface Token {
  readonly token: string;
  readonly bytes?: readonly number[] | null;
  readonly logprob?: number;
  readonly top?: Readonly<Record<string, number>>;
}

function logprobs(tokens: readonly Token[]) {
  return {
    content: tokens.map(({ token, bytes, logprob = -0.5, top = {} }) => ({
      token,
      ...(bytes === undefined ? {} : { bytes }),
      logprob,
      top_logprobs: Object.entries(top).map(([text, value]) => ({ token: text, logprob: value })),
    })),
  };
}

async function answer(
  text: string,
  given: unknown,
  gradeTokens: readonly string[] = ["1", "2", "3", "4", "5"],
) {
  const document = {
    model: "m",
    choices: [{ finish_reason: "stop", message: { content: text }, logprobs: given }],
  };
  server = await startOpenAiServer({ reply: () => ({ kind: "json", document }) });
  const model = openaiModel(loopbackSettings(server.baseUrl), modelDependencies());
  return model.complete(aRequest({ gradeTokens }), noAbort());
}

afterEach(async () => server.close());

describe("the probabilities of grades", () => {
  it("are asked for with as many alternatives as there are", async () => {
    await answer("4", logprobs([{ token: "4" }]));
    expect(server.requests[0]?.body).toMatchObject({ logprobs: true, top_logprobs: 20 });
  });

  it("come with their places, other alternatives left out and white space folded", async () => {
    const tokens = [
      { token: '{"label":' },
      {
        token: " 4",
        logprob: Math.log(0.5),
        top: { " 4": Math.log(0.5), "4": Math.log(0.25), "5": -2, "10": -3, x: -1 },
      },
      { token: "}" },
    ];
    const { gradeTokens } = await answer('{"label": 4}', logprobs(tokens));
    expect(gradeTokens).toEqual([
      { offset: 10, logProbabilities: { 4: expect.closeTo(Math.log(0.75), 10) as unknown, 5: -2 } },
    ]);
  });

  it("count the chosen token where the alternatives do not name it", async () => {
    const { gradeTokens } = await answer("3", logprobs([{ token: "3", logprob: -1, top: { "2": -0.7 } }]));
    expect(gradeTokens).toEqual([
      {
        offset: 0,
        logProbabilities: { 3: expect.closeTo(-1, 10) as unknown, 2: expect.closeTo(-0.7, 10) as unknown },
      },
    ]);
  });

  it("are placed behind characters that are cut in two tokens", async () => {
    const [first = 0, ...rest] = Buffer.from("é");
    const tokens = [
      { token: "bytes:\\xc3", bytes: [first] },
      { token: "bytes:\\xa9", bytes: rest },
      { token: "😀", bytes: null },
      { token: "2", bytes: [50], top: { "2": -0.1 } },
    ];
    const { gradeTokens } = await answer("é😀2", logprobs(tokens));
    expect(gradeTokens?.map(({ offset }) => offset)).toEqual([3]);
  });

  it("leave out what is as good as impossible, so that every number can be stored", async () => {
    const { gradeTokens } = await answer("3", logprobs([{ token: "3", top: { "3": -0.1, "4": -9999 } }]));
    expect(gradeTokens?.[0]?.logProbabilities).toEqual({ 3: expect.closeTo(-0.1, 10) as unknown });
  });

  it.each<[why: string, text: string, given: unknown, expected: unknown]>([
    ["the tokens do not add up to the text", "4 5", logprobs([{ token: "4" }]), []],
    ["the grade is inside a larger token", "45", logprobs([{ token: "45" }]), []],
    ["the server gives none", "4", undefined, undefined],
    ["the server gives null", "4", null, undefined],
    ["they cannot be read", "4", { content: [{ token: 4 }] }, undefined],
    ["only the refusal has some", "4", { content: null, refusal: [] }, undefined],
  ])("are missing, and the answer is good, when %s", async (_, text, given, expected) => {
    const completion = await answer(text, given);
    expect(completion.text).toBe(text);
    expect(completion.gradeTokens).toEqual(expected);
  });
});
