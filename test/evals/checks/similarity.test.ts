import { describe, expect, it } from "vitest";
import { rougeScore } from "../../../src/evals/checks/rouge-n.ts";
import { issuesOf, scoreOutput } from "./a-subject.ts";

const voices = "pulses may ease schizophrenic voices";
const magnetic = "magnetic pulse series sent through brain may ease schizophrenic voices";

describe("ROUGE-N", () => {
  // The worked examples of the ROUGE literature and of js-rouge's documentation, as F1 with clipped counts.
  it.each([
    ["the cat sat", "the cat sat on the mat", 1, 2 / 3],
    ["the cat sat on the mat", "the cat sat on the mat", 2, 1],
    ["police kill the gunman", "police killed the gunman", 1, 3 / 4],
    ["police kill the gunman", "police killed the gunman", 2, 1 / 3],
    ["the gunman kill police", "police killed the gunman", 2, 1 / 3],
    ["the the the", "the cat", 1, 2 / 5],
    [voices, magnetic, 1, 8 / 15],
    [voices, magnetic, 2, 6 / 13],
    [voices, "yale finds magnetic stimulation some relief to schizophrenics imaginary voices", 2, 0],
    ["They'll", "they will", 1, 1 / 2],
    ["Hello World", "hello world", 1, 1],
    ["one", "one two", 2, 0],
    ["", "hello", 1, 0],
  ])("%j against %j at n = %i is %f", (candidate, reference, n, expected) => {
    expect(rougeScore(candidate, reference, n)).toBeCloseTo(expected, 12);
  });

  it.each([
    ["hi, my name can't hello,", "hi , my name ca n't hello ,"],
    ["Good muffins cost $3.88 in New York.", "good muffins cost $ 3.88 in new york ."],
  ])("splits %j like the Penn Treebank", (text, tokens) => {
    expect(rougeScore(text, tokens, 1)).toBe(1);
  });

  it("passes at the threshold and scores by the measure itself", () => {
    const raw = { type: "rouge-n", value: "a b c d", threshold: 0.75 };
    expect(scoreOutput(raw, "a b c x")).toMatchObject({ value: 0.75, pass: true });
    expect(scoreOutput(raw, "a b x y")).toMatchObject({ value: 0.5, pass: false });
    expect(scoreOutput({ ...raw, type: "not-rouge-n" }, "a b x y")).toMatchObject({ value: 0.5, pass: true });
  });

  it("honours a threshold of 0", () => {
    expect(scoreOutput({ type: "rouge-n", value: "a", threshold: 0 }, "b")).toMatchObject({
      value: 0,
      pass: true,
    });
  });

  it("leaves an output unscored that is too long to hold", () => {
    expect(scoreOutput({ type: "rouge-n", value: "a" }, "a ".repeat(300_000)).kind).toBe("unscored");
  });

  it.each([
    [{ threshold: 1.5 }, "threshold: expected 0 to 1"],
    [{ n: 0 }, "n: expected 1 to 10"],
    [{ n: 1.5 }, "n: expected a whole number"],
  ])("refuses %j", (fields, message) => {
    expect(issuesOf({ type: "rouge-n", value: "a", ...fields })).toEqual([message]);
  });
});

describe("levenshtein", () => {
  it.each([
    ["kitten", { value: "sitting", threshold: 3 }, true, 1 - 3 / 7],
    ["kitten", { value: "sitting", threshold: 2 }, false, 1 - 3 / 7],
    ["kitten", { value: "sitting" }, true, 1 - 3 / 7],
    ["kitten", { value: "kitten", threshold: 0 }, true, 1],
    ["", { value: "sitting" }, false, 0],
  ])("%j against %j: %s", (text, fields, pass, score) => {
    expect(scoreOutput({ type: "levenshtein", ...fields }, text)).toMatchObject({ pass, value: score });
  });

  it("inverts in its twin", () => {
    expect(scoreOutput({ type: "not-levenshtein", value: "sitting" }, "kitten")).toMatchObject({
      pass: false,
    });
  });

  it("leaves unscored what would take minutes", () => {
    const text = "ab".repeat(50_000);
    expect(scoreOutput({ type: "levenshtein", value: text }, text)).toMatchObject({
      kind: "unscored",
      reason: expect.stringMatching(/too long for an edit distance/),
    });
  });

  it.each([
    [{ threshold: -1 }, "threshold: expected 0 or more"],
    [{ threshold: 0.5 }, "threshold: expected a whole number"],
  ])("refuses %j", (fields, message) => {
    expect(issuesOf({ type: "levenshtein", value: "a", ...fields })).toEqual([message]);
  });
});
