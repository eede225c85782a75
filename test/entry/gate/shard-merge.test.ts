import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import type { Rubric } from "../../../src/domain/rubric.ts";
import {
  parseRecords,
  recordLine,
  shardRecord,
  type ShardRecord,
} from "../../../src/entry/gate/shard-records.ts";
import { decideRecords, sumUsage } from "../../../src/entry/gate/shard-merge.ts";
import { parseShard, shardOf } from "../../../src/entry/gate/shard-of.ts";
import { decideLooks } from "../../../src/entry/gate/run-plan.ts";
import { runLooks, type EvaluationRun } from "../../../src/evals/run-looks.ts";
import type { Side, SideName } from "../../../src/evals/sides.ts";
import { planGate } from "../../../src/gate/plan.ts";
import { aCase } from "../../builders.ts";
import { aRule } from "../../gate/score-rows.ts";

interface Drawn {
  readonly group: number | null;
  /** Of baseline and candidate on two metrics. */
  readonly scores: readonly (number | null)[];
}

const METRICS = ["faithfulness", "relevance"];

function aRubric(name: string): Rubric {
  return {
    name,
    model: "judge",
    panel: null,
    scale: { kind: "likert", min: 1, max: 5 },
    criteria: [],
    threshold: null,
    allowSelfGrading: true,
    instructions: "",
    calibration: null,
    digest: "sha256:00",
  } as unknown as Rubric;
}

function side(name: SideName): Side {
  return {
    name,
    samples: () => 1,
    generate: async () => ({
      completion: {
        text: name,
        toolCalls: [],
        finishReason: "stop",
        model: "m",
        usage: { inputTokens: 1, outputTokens: 1 },
        latencyMs: 5,
      },
      cached: false,
      costUsd: 0.001,
    }),
  };
}

/** Judges that know every score, and refuse the cases that have none. */
function aRun(drawn: readonly Drawn[], observe: EvaluationRun["observe"]): EvaluationRun {
  return {
    sides: [side("baseline"), side("candidate")],
    assertions: [],
    rubrics: METRICS.map(aRubric),
    concurrency: 3,
    signal: new AbortController().signal,
    readCase: async (id) => {
      const { group } = drawn[Number(id)] ?? { group: null };
      return aCase({ id, ...(group === null ? {} : { group: `g${group}` }) });
    },
    judge: async ({ case: { id }, rubric, completion }) => {
      const place = METRICS.indexOf(rubric.name) + (completion.text === "candidate" ? 2 : 0);
      const value = drawn[Number(id)]?.scores[place] ?? null;
      return value === null
        ? { kind: "unscored", reason: "no usable answer" }
        : { kind: "scored", value, pass: null, reason: "read" };
    },
    observe,
  };
}

/** Mostly as good, or worse, with a gap now and then: what a judge says of one side. */
function someScores(values: readonly number[]): fc.Arbitrary<number | null> {
  return fc.option(fc.constantFrom(...values), { nil: null, freq: 300 });
}

const fine = someScores([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.5]);
const mixed = someScores([0, 0.5, 1, 1, 1]);

/** Datasets of any size; the second metric is noisier, and in some the candidate is worse. */
const dataset = fc
  .tuple(fc.integer({ min: 1, max: 250 }), fc.boolean(), fc.boolean())
  .chain(([size, isClustered, isWorse]) =>
    fc.array(
      fc.record({
        group: isClustered ? fc.option(fc.nat(80), { nil: null }) : fc.constant(null),
        scores: fc.tuple(fine, isWorse ? fine : mixed, fine, mixed),
      }),
      { minLength: size, maxLength: size, size: "max" },
    ),
  );

function preparationOf(drawn: readonly Drawn[], seed: number) {
  const rules = METRICS.map((name) => aRule({ name, margin: 0.15, kind: "judge" }));
  const entries = drawn.map(({ group }, index) => ({
    id: String(index),
    tags: [],
    critical: false,
    ...(group === null ? {} : { group: `g${group}` }),
  }));
  const plan = planGate({ entries, rules, seed, sequential: true });
  return { plan, rules, entries, rubrics: METRICS.map(aRubric), baseline: {} as never, outputs: {} };
}

describe("records of shards", () => {
  it("give the decision and the rows of a run that was not divided", async () => {
    const shapes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(dataset, fc.integer({ min: 1, max: 9 }), fc.nat(1000), async (drawn, of, seed) => {
        const preparation = preparationOf(drawn, seed);
        const { plan, entries } = preparation;
        const looks = plan.looks.map(({ cases }) => cases);
        const seen: ShardRecord[] = [];
        const whole = await runLooks(
          aRun(drawn, (evaluation) => seen.push(shardRecord(evaluation))),
          { order: plan.order, looks },
          decideLooks(preparation, true),
        );
        const lines: string[] = [];
        for (let index = of; index >= 1; index -= 1) {
          const own = new Set(entries.filter((entry) => shardOf(entry, of) === index).map(({ id }) => id));
          const order = plan.order.slice(0, looks.at(-1)).filter((id) => own.has(id));
          await runLooks(
            aRun(drawn, (evaluation) => lines.push(recordLine(shardRecord(evaluation)))),
            { order, looks: [order.length] },
            () => ({ kind: "decided", decision: null }),
          );
        }
        const records = parseRecords(lines.join("")) ?? [];
        const joined = await decideRecords(preparation, records, []);
        expect(joined.decision).toEqual(whole.decision);
        if (whole.decision.look < looks.length - 1) shapes.add("decided early");
        if (whole.rows.candidate.some((row) => Object.keys(row.scores).length === 1))
          shapes.add("a judge rested");
        const sorted = (rows: typeof whole.rows.candidate) =>
          rows.toSorted((left, right) => Number(left.id) - Number(right.id));
        expect(sorted(joined.rows.candidate)).toEqual(sorted(whole.rows.candidate));
        expect(sorted(joined.rows.baseline)).toEqual(sorted(whole.rows.baseline));
        const gaps = seen.filter(({ row }) => Object.values(row.scores).includes(null));
        expect(joined.unscored.cases).toBe(new Set(gaps.map(({ row }) => row.id)).size);
      }),
      { numRuns: 60, seed: 20_261_121 },
    );
    expect([...shapes].sort()).toEqual(["a judge rested", "decided early"]);
  });

  it("are lines that survive being written and read, whatever a model wrote", () => {
    const text = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(text, text, fc.option(text, { nil: null }), (id, reason, output) => {
        const record: ShardRecord = {
          side: "candidate",
          row: { id: `x${id}`, sample: 0, scores: { quality: null }, measures: { latency: 1.5 } },
          output,
          passed: null,
          reasons: { quality: reason },
        };
        expect(parseRecords(recordLine(record))).toEqual([record]);
      }),
    );
  });

  it.each([
    [
      "a score above 1",
      '{"side":"candidate","id":"a","sample":0,"scores":{"q":2},"output":null,"passed":null,"reasons":{}}',
    ],
    ["no side", '{"id":"a","sample":0,"scores":{},"output":null,"passed":null,"reasons":{}}'],
    ["half a line", '{"side":"candidate","id":"a"'],
    ["another value", "7"],
  ])("are refused with %s", (_, line) => {
    expect(parseRecords(`${line}\n`)).toBeNull();
  });
});

describe("the shard of a case", () => {
  it("is one of n, the same for every case of a group, and does not depend on other cases", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.string(),
        fc.integer({ min: 1, max: 50 }),
        (a, b, group, of) => {
          const shard = shardOf({ id: a }, of);
          expect(shard).toBeGreaterThanOrEqual(1);
          expect(shard).toBeLessThanOrEqual(of);
          expect(shardOf({ id: a, group }, of)).toBe(shardOf({ id: b, group }, of));
        },
      ),
    );
  });

  it.each([
    ["case-0", 8, 8],
    ["case-1", 8, 7],
  ])("of %s is as documented", (id, of, expected) => {
    expect(shardOf({ id }, of)).toBe(expected);
  });

  it("divides evenly enough", () => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 4000; index += 1) {
      const place = shardOf({ id: `case-${index}` }, 4) - 1;
      counts[place] = (counts[place] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(900);
  });

  it("is read from the command line", () => {
    expect(parseShard("2/8")).toEqual({ index: 2, of: 8 });
  });
});

describe("the cost of all shards", () => {
  const usage = {
    calls: 2,
    cachedCalls: 1,
    costUsd: 0.5,
    generationUsd: 0.3,
    judgeUsd: 0.2,
    inputTokens: 10,
    outputTokens: 5,
  };

  it("is their sum", () => {
    expect(sumUsage([{ usage }, { usage }])).toMatchObject({ calls: 4, costUsd: 1, inputTokens: 20 });
  });

  it("is unknown when one is", () => {
    const sum = sumUsage([{ usage }, { usage: { ...usage, costUsd: null, judgeUsd: null } }]);
    expect(sum).toMatchObject({ costUsd: null, generationUsd: 0.6, judgeUsd: null });
  });
});
