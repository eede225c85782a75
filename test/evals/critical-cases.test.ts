import { describe, expect, it } from "vitest";
import type { Case } from "../../src/domain/case.ts";
import { GateError } from "../../src/domain/errors.ts";
import { settleCriticalCases } from "../../src/evals/critical-cases.ts";
import type { EvaluationRun } from "../../src/evals/run-looks.ts";
import type { Side, SideName } from "../../src/evals/sides.ts";

/** Answers per sample; what is not listed is a provider's fault. */
function aSide(name: SideName, answers: readonly string[]): Side {
  return {
    name,
    samples: () => 1,
    generate: (_, sample) => {
      const text = answers[sample];
      if (text === undefined)
        return Promise.reject(new GateError("TIMEOUT", "no answer", { retryable: true }));
      return Promise.resolve({
        completion: { text, toolCalls: [], finishReason: "stop", model: "m", usage: null, latencyMs: null },
        cached: false,
        costUsd: null,
      });
    },
  };
}

const testCase: Case = {
  id: "c1",
  vars: {},
  tags: [],
  critical: true,
  split: "golden",
  assert: [{ type: "contains", negated: false, metric: "contains", weight: 1, options: { value: "yes" } }],
};

function aRun(sides: readonly Side[]): EvaluationRun {
  return {
    sides,
    assertions: [],
    rubrics: [],
    concurrency: 2,
    signal: new AbortController().signal,
    readCase: () => Promise.resolve(testCase),
    judge: () => Promise.reject(new Error("no judge here")),
    observe: () => undefined,
  };
}

describe("a critical case", () => {
  it.each<[string, string[], string[] | null, "broken" | "unsettled" | "fine"]>([
    ["passes on both sides", ["yes"], ["yes"], "fine"],
    ["is broken when two fresh samples fail and the baseline passes", ["no", "no"], ["yes"], "broken"],
    ["is fine when the second fresh sample passes", ["no", "yes"], ["yes"], "fine"],
    ["is not the candidate's fault when the baseline fails too", ["no", "no"], ["no", "no"], "fine"],
    ["is broken without a baseline when two samples fail", ["no", "no"], null, "broken"],
    ["is unsettled when the candidate cannot be measured", [], ["yes"], "unsettled"],
    ["is unsettled when no second sample can be had", ["no"], ["yes"], "unsettled"],
    ["is unsettled when the baseline cannot be measured", ["no", "no"], [], "unsettled"],
  ])("%s", async (_, candidate, baseline, expected) => {
    const sides = [
      ...(baseline === null ? [] : [aSide("baseline", baseline)]),
      aSide("candidate", candidate),
    ];
    const outcome = await settleCriticalCases(aRun(sides), ["c1"]);
    expect(outcome).toEqual({
      broken: expected === "broken" ? ["c1"] : [],
      unsettled: expected === "unsettled" ? ["c1"] : [],
    });
  });

  it("may fail on a metric that it is exempt from, and on no other", async () => {
    const sides = [aSide("baseline", ["yes"]), aSide("candidate", ["no", "no"])];
    const settle = (metric: string) =>
      settleCriticalCases(aRun(sides), ["c1"], (id, asked) => id === "c1" && asked === metric);
    expect((await settle("contains")).broken).toEqual([]);
    expect((await settle("tone")).broken).toEqual(["c1"]);
  });
});
