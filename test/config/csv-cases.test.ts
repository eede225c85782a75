import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/config/dataset.ts";
import { ProblemsError, renderProblem } from "../../src/domain/problem.ts";
import type { Case } from "../../src/domain/case.ts";
import { aFolder, schemas } from "./project-folder.ts";

async function cases(text: string): Promise<Case[]> {
  const dataset = await openDataset(aFolder({ "cases.csv": text }), "cases.csv", schemas.caseAssertion);
  return Promise.all(dataset.entries.map(({ id }) => dataset.read(id)));
}

async function problems(text: string): Promise<string[]> {
  const error = await cases(text).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(ProblemsError);
  return (error as ProblemsError).problems.map(renderProblem);
}

async function assertion(cell: string, extra = ""): Promise<unknown> {
  const quoted = `"${cell.replaceAll('"', '""')}"`;
  const [header, value] = extra === "" ? ["", ""] : [`,${extra.split("=")[0]}`, `,${extra.split("=")[1]}`];
  const [first] = await cases(`id,__expected${header}\na,${quoted}${value}\n`);
  return first?.assert[0];
}

describe("a CSV dataset", () => {
  it("has variables in its columns, but for the columns of a case", async () => {
    const text =
      '\ufeffid,query,context,group,tags,critical,expected,split\r\n1,"a, ""b""\r\nc",x,g1,"t, u;v",TRUE,yes,holdout\r\n\r\n2,d,,,,,,\r\n';
    expect(await cases(text)).toEqual([
      {
        id: "1",
        vars: { query: 'a, "b"\r\nc', context: "x" },
        group: "g1",
        tags: ["t", "u", "v"],
        critical: true,
        expected: "yes",
        split: "holdout",
        assert: [],
      },
      { id: "2", vars: { query: "d", context: "" }, tags: [], critical: false, split: "golden", assert: [] },
    ]);
  });

  it.each([
    ["Paris", { type: "equals", options: { value: "Paris" } }],
    ["Note: a sentence", { type: "equals", options: { value: "Note: a sentence" } }],
    ["https://example.com/a", { type: "equals", options: { value: "https://example.com/a" } }],
    ["contains:a: b", { type: "contains", options: { value: "a: b" } }],
    ["not-icontains:x", { type: "icontains", negated: true, options: { value: "x" } }],
    ["contains-all:a, b,c", { type: "contains-all", options: { value: ["a", "b", "c"] } }],
    ["starts-with:Dear", { type: "starts-with", options: { value: "Dear" } }],
    ["regex:^a.*", { type: "regex", options: { value: "^a.*" } }],
    ["levenshtein(3):abc", { type: "levenshtein", options: { value: "abc", threshold: 3 } }],
    ["rouge-n(0.5):abc", { type: "rouge-n", options: { value: "abc", threshold: 0.5 } }],
    ["is-refusal", { type: "is-refusal", options: {} }],
    ["is-json", { type: "is-json", options: {} }],
    ['is-json:{"type":"object"}', { type: "is-json", options: { value: { type: "object" } } }],
    ["numeric:42", { type: "numeric", options: { value: 42 } }],
  ])("%s", async (cell, expected) => {
    expect(await assertion(cell)).toMatchObject({ negated: false, weight: 1, ...expected });
  });

  it("counts under __metric and takes __threshold where a score is graded", async () => {
    expect(await assertion("contains:x", "__metric=facts")).toMatchObject({ metric: "facts" });
    expect(await assertion("rouge-n:x", "__threshold=0.4")).toMatchObject({ options: { threshold: 0.4 } });
    expect(await assertion("contains:x", "__threshold=0.4")).toMatchObject({ options: { value: "x" } });
  });

  it("takes several __expected columns", async () => {
    const [first] = await cases(
      "id,__expected1,__expected2,__description\na,contains:x,not-contains:y,note\nb,,,\n",
    );
    expect(first?.assert.map(({ type, negated }) => [type, negated])).toEqual([
      ["contains", false],
      ["contains", true],
    ]);
  });

  it.each([
    [
      "contans:x",
      'cases.csv:2:1 __expected: expected a check before the colon, got "contans"; for that very text write equals:contans:…',
    ],
    ["javascript:1==1", "cases.csv:2:1 __expected: expected a check, got javascript, which is not supported"],
    [
      "llm-rubric:is polite",
      "cases.csv:2:1 __expected: expected a check, got llm-rubric, which is not supported",
    ],
    ["similar(0.8):x", expect.stringContaining('got "similar"')],
    [
      "latency:800",
      expect.stringContaining("cases.csv:2:1 assert[0].threshold: expected a number, got nothing"),
    ],
  ])("refuses the cell %s", async (cell, expected) => {
    expect((await problems(`id,__expected\na,${cell}\n`))[0]).toEqual(expected);
  });

  it.each([
    ["query\nx\n", "cases.csv:2:1 id: expected text (put a number in quotes), got nothing"],
    ["id,q,q\na,b,c\n", "cases.csv:1:1 q: expected every column once"],
    ["id,\na,b\n", "cases.csv:1:1: expected a name for column 2"],
    ["id,__expectd\na,b\n", 'cases.csv:1:1 __expectd: unknown column; did you mean "__expected"?'],
    ["id,__proto__\na,b\n", "cases.csv:1:1 __proto__: the key __proto__ is not allowed"],
    ["id,q\na,b\nc\n", "cases.csv:3:1: expected as many cells as there are columns"],
    ['id,q\na,"b\n', 'cases.csv:2:1: expected a closing " before the end of the file'],
    ['id,q\na,b"c\n', 'cases.csv:2:1: expected " only around a whole cell; write "" for a quote inside one'],
    ["id,critical\na,maybe\n", 'cases.csv:2:1 critical: expected true or false, got "maybe"'],
    ["id,__threshold\na,0\n", 'cases.csv:2:1 __threshold: expected a number above 0 and at most 1, got "0"'],
    [
      "id,__expected1,__expected2,__threshold\na,contains:x,contains:y,0.5\n",
      expect.stringContaining("__threshold: expected 1 in a row of several checks"),
    ],
    [
      'id,q\n"a\nb",c\n"a\nb",c\n',
      'cases.csv:4:1 id: expected an id of its own; the case in line 2 has it too: "a b"',
    ],
    ["id,q\n", "cases.csv: has no cases: expected at least one"],
  ])("refuses %j", async (text, expected) => {
    expect(await problems(text)).toEqual([expected]);
  });
});
