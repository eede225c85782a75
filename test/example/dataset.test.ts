import { distance } from "fastest-levenshtein";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");

interface RawAssertion {
  readonly type: string;
  readonly value: string | string[];
  readonly metric?: string;
}

interface RawCase {
  readonly id: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly expected?: string;
  readonly tags: readonly string[];
  readonly group?: string;
  readonly critical?: boolean;
  readonly assert: readonly RawAssertion[];
}

function readCases(file: string): RawCase[] {
  const lines = readFileSync(join(root, file), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as RawCase);
}

function questionOf({ vars }: RawCase): string {
  return vars["query"] ?? vars["question"] ?? "";
}

/** What a case without a set answer asserts: words of refusal and of handing over stand in no help page. */
const withoutFacts = ["dispute", "out-of-scope", "unknown"];

function isAboutFacts({ tags, assert }: RawCase): boolean {
  const handover = assert.some(({ value }) => Array.isArray(value) && value.includes("hand this over"));
  return !handover && !tags.some((tag) => withoutFacts.includes(tag));
}

function missingFacts(testCase: RawCase): string[] {
  const context = testCase.vars["context"]?.toLowerCase() ?? "";
  return testCase.assert
    .filter(({ type }) => !type.startsWith("not-"))
    .flatMap(({ type, value }) => {
      const values = Array.isArray(value) ? value : [value];
      const absent = values.filter((text) => !context.includes(text.toLowerCase()));
      return type.endsWith("-any") && absent.length < values.length ? [] : absent;
    })
    .map((text) => `${testCase.id}: ${text}`);
}

/** Pairs of questions that differ in a tenth of their characters or less. */
function nearDuplicates(cases: readonly RawCase[]): string[] {
  return cases.flatMap((left, index) =>
    cases
      .slice(index + 1)
      .filter((right) => {
        const [a, b] = [questionOf(left).toLowerCase(), questionOf(right).toLowerCase()];
        const longest = Math.max(a.length, b.length);
        return Math.abs(a.length - b.length) <= longest / 10 && distance(a, b) <= longest / 10;
      })
      .map((right) => `${left.id} ~ ${right.id}`),
  );
}

const datasets: [file: string, leastCases: number][] = [
  ["golden-datasets/customer-support.jsonl", 240],
  ["templates/init/golden-datasets/help-desk.jsonl", 75],
];

describe.each(datasets)("the dataset %s", (file, leastCases) => {
  const cases = readCases(file);

  it("has enough cases", () => {
    expect(cases.length).toBeGreaterThanOrEqual(leastCases);
  });

  it("has ids that are unique, and questions that truly differ", () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(nearDuplicates(cases)).toEqual([]);
  });

  it("gives every case a question, a context, a tag and an expectation", () => {
    const incomplete = cases.filter(
      (testCase) =>
        questionOf(testCase).trim() === "" ||
        (testCase.vars["context"] ?? "").trim() === "" ||
        testCase.tags.length === 0 ||
        testCase.assert.length === 0,
    );
    expect(incomplete.map(({ id }) => id)).toEqual([]);
  });

  it("asks for no fact that the context does not state", () => {
    const factual = cases.filter(isAboutFacts);
    expect(factual.length).toBeGreaterThan(cases.length / 2);
    expect(factual.flatMap(missingFacts)).toEqual([]);
  });

  it("has texts without stray white space or control characters", () => {
    const untidy = cases.filter(({ vars, expected = "" }) =>
      [...Object.values(vars), expected].some(
        (text) => text !== text.trim() || / {2}|\n{3}|[\u0000-\u0009\u000b-\u001f\u007f]/.test(text),
      ),
    );
    expect(untidy.map(({ id }) => id)).toEqual([]);
  });

  it("counts all expectations of its cases under one metric", () => {
    const metrics = new Set(cases.flatMap(({ assert }) => assert.map(({ metric }) => metric)));
    expect([...metrics]).toEqual(["requirements"]);
  });
});

describe("the golden dataset of the shipped example", () => {
  const cases = readCases("golden-datasets/customer-support.jsonl");
  const withTag = (tag: string): RawCase[] => cases.filter(({ tags }) => tags.includes(tag));

  it("has enough independent clusters for its margin", () => {
    expect(new Set(cases.map(({ id, group }) => group ?? id)).size).toBeGreaterThanOrEqual(230);
  });

  it("groups cases of one ticket, which share their topic", () => {
    const groups = new Map<string, RawCase[]>();
    for (const testCase of cases) {
      if (testCase.group === undefined) continue;
      groups.set(testCase.group, [...(groups.get(testCase.group) ?? []), testCase]);
    }
    expect(groups.size).toBeGreaterThanOrEqual(5);
    for (const members of groups.values()) {
      expect(members.length).toBeGreaterThan(1);
      expect(new Set(members.map(({ tags }) => tags[0])).size).toBe(1);
    }
  });

  it.each([
    ["billing", 20],
    ["refunds", 15],
    ["returns", 15],
    ["shipping", 20],
    ["account", 20],
    ["warranty", 15],
    ["product", 20],
    ["dispute", 15],
    ["out-of-scope", 20],
    ["adversarial", 15],
  ])("covers the topic %s with at least %i cases", (tag, least) => {
    expect(withTag(tag).length).toBeGreaterThanOrEqual(least);
  });

  it.each([
    ["de", 20],
    ["fr", 10],
    ["es", 10],
    ["pt", 8],
    ["it", 8],
    ["pl", 4],
    ["ja", 4],
  ])("covers the language %s with at least %i cases", (language, least) => {
    expect(withTag(language).length).toBeGreaterThanOrEqual(least);
  });

  it.each(["typo", "short", "long", "multi-question", "injection", "prompt-leak", "privacy"])(
    "covers the kind %s",
    (kind) => {
      expect(withTag(kind).length).toBeGreaterThanOrEqual(2);
    },
  );

  it("marks a few cases as critical, and only where they say what must hold", () => {
    const critical = cases.filter((testCase) => testCase.critical === true);
    expect(critical.length).toBeGreaterThanOrEqual(6);
    expect(critical.length).toBeLessThanOrEqual(15);
  });
});
