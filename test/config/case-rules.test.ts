import { describe, expect, it } from "vitest";
import { edited, files, problemsOf } from "./project-folder.ts";

describe("cases", () => {
  const jsonl = files["desk.jsonl"];
  it.each([
    [
      "a missing variable",
      '{"id":"c3","vars":{"query":"x"}}',
      ['desk.jsonl:3:19 vars: the prompt uses {{context}}, case "c3" has no such variable'],
    ],
    [
      "a duplicate id",
      '{"id":"c1","vars":{"query":"x","context":"y"}}',
      ['desk.jsonl:3:7 id: expected an id of its own; the case in line 1 has it too: "c1"'],
    ],
    [
      "a number for an id",
      '{"id":3,"vars":{"query":"x","context":"y"}}',
      ["desk.jsonl:3:7 id: expected text (put a number in quotes), got 3"],
    ],
    [
      "an unknown key",
      '{"id":"c3","var":{},"vars":{"query":"x","context":"y"}}',
      ['desk.jsonl:3:12 var: unknown key; did you mean "vars"?'],
    ],
    [
      "a check that lacks its value",
      '{"id":"c3","vars":{"query":"x","context":"y"},"assert":[{"type":"equals"}]}',
      [expect.stringContaining("desk.jsonl:3:1: case c3, check equals:")],
    ],
    [
      "a reserved metric",
      '{"id":"c3","vars":{"query":"x","context":"y"},"assert":[{"type":"latency","threshold":9}]}',
      [expect.stringContaining("desk.jsonl:3:57 assert[0]: expected another metric: latency is")],
    ],
    [
      "control characters in an id",
      '{"id":"a\\u001b[2J","vars":{"query":"x"}}',
      ['desk.jsonl:3:27 vars: the prompt uses {{context}}, case "a\\u{1b}[2J" has no such variable'],
    ],
    [
      "a torn last line",
      '{"id":"c3","va',
      [
        'desk.jsonl:3:15: expected a closing ", but the text ends here; the file ends here without a line end: was it cut off?',
      ],
    ],
  ])("%s is an error with its line", async (_, line, expected) => {
    expect(await problemsOf({ ...files, "desk.jsonl": jsonl + line })).toEqual(expected);
  });

  it("without the reference that a rubric requires are errors", async () => {
    const withReference = edited("faithfulness.yml", "model: judge", "model: judge\nreference: required");
    const answered = files["desk.jsonl"].replace('{"id":"c1",', '{"id":"c1","expected":"x",');
    expect(await problemsOf({ ...withReference, "desk.jsonl": answered })).toEqual([
      'desk.jsonl:2:1: case "c2" has no expected answer, which the rubric faithfulness requires as its reference',
    ]);
  });

  it("warns once of a variable that nothing uses", async () => {
    const contents = edited("promptgate.yaml", "    judges: [faithfulness.yml]\n", "");
    contents["desk.jsonl"] = jsonl.replaceAll('"context"', '"note":1,"context"');
    contents["promptgate.yaml"] = contents["promptgate.yaml"]?.replace(/ +faithfulness: .*\n/, "") ?? "";
    expect(await problemsOf(contents)).toEqual([
      'promptgate.yaml:8:14 prompts.desk.dataset: desk.jsonl: the variable "note" is in 2 of 2 cases, but neither the prompt nor a check uses it',
    ]);
  });

  it("warns of a critical case that nothing can fail", async () => {
    const contents = edited(
      "promptgate.yaml",
      "    assert: [{ type: word-count, max: 120, metric: length }]\n",
      "",
    );
    contents["promptgate.yaml"] = contents["promptgate.yaml"]?.replace(/ +length: .*\n/, "") ?? "";
    contents["desk.jsonl"] = jsonl.replace(/,"assert":.*\]/, "");
    expect(await problemsOf(contents)).toEqual([
      'desk.jsonl:2:58 critical: case "c2" is critical, but no check and no judge with a threshold can fail it',
    ]);
  });

  it("counts the rest of more than 200 problems", async () => {
    const lines = Array.from({ length: 500 }, (_, index) => `{"id":"n${index}"}`).join("\n");
    const found = await problemsOf({ ...files, "desk.jsonl": lines });
    expect(found).toHaveLength(201);
    expect(found.at(-1)).toMatch(/and 800 more errors in this file$/);
  });
});
