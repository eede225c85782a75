import { afterEach, describe, expect, it } from "vitest";
import type { Calibration } from "../../../src/domain/calibration.ts";
import type { RunUsage } from "../../../src/domain/gate-result.ts";
import {
  runJudgeCalibrate,
  type JudgeCalibrateOptions,
} from "../../../src/entry/commands/judge-calibrate.ts";
import { renderVerdict } from "../../loopback/judge-replies.ts";
import { startOpenAiServer, type Reply, type SeenRequest } from "../../loopback/openai-server.ts";
import { judgeProject, type JudgeProject } from "./judge-project.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const LABELS = "rubrics/calibration/faithfulness.jsonl";

interface Judge {
  readonly project: JudgeProject;
  readonly calls: () => number;
  calibrate(options?: Partial<JudgeCalibrateOptions>): Promise<Calibration & { readonly usage: RunUsage }>;
}

interface JudgeShape {
  readonly rubric?: object;
  /** Models that answer together. */
  readonly panel?: readonly string[];
  readonly price?: object | null;
}

/** A project whose judge is a server that does as it is told. */
async function aJudge(
  reply: (request: SeenRequest, index: number) => Reply,
  { rubric = {}, panel = [], price = { inputPerMillion: 1, outputPerMillion: 1 } }: JudgeShape = {},
): Promise<Judge> {
  const server = await startOpenAiServer({ reply });
  cleanups.push(() => server.close());
  const address = { provider: "openai", model: "grader", baseUrl: server.baseUrl };
  const judge = { ...address, ...(price === null ? {} : { price }) };
  const members = panel.map((model) => [model, { ...judge, model }]);
  const models = { judge, ...Object.fromEntries(members) };
  const project = judgeProject({ models, rubric: { ...rubric } });
  cleanups.push(() => project.remove());
  return {
    project,
    calls: () => server.count,
    calibrate: async (options = {}) => {
      await runJudgeCalibrate(project.context, {
        rubric: "faithfulness",
        repeat: 1,
        concurrency: 2,
        cache: false,
        json: true,
        verbose: false,
        ...options,
      });
      return JSON.parse(project.printed()) as Calibration & { readonly usage: RunUsage };
    },
  };
}

function answer(label: string | number): (request: SeenRequest) => Reply {
  return (request) => ({ kind: "answer", text: renderVerdict(request, label) });
}

const outputs = [
  { id: "a", output: "Yes.", human: "supported" },
  { id: "b", output: "No.", human: "unsupported" },
];

const pairwise = { scale: { kind: "pairwise" } };
const pairs = [
  { id: "a", outputs: ["GOOD one", "BAD two"], human: 1 },
  { id: "b", outputs: ["BAD three", "GOOD four"], human: 2 },
];

describe("labels put to a judge", () => {
  it("pays for every answer once, also when the command is given again", async () => {
    const judge = await aJudge(answer("supported"));
    judge.project.writeLines(LABELS, outputs);
    const first = await judge.calibrate({ repeat: 3 });
    expect(first.figures).toMatchObject({ accuracy: 0.5, retest: { comparisons: 6, flips: 0 } });
    expect(first.usage).toMatchObject({ calls: 6, cachedCalls: 0 });
    const again = await judge.calibrate({ repeat: 3 });
    expect(again.usage).toMatchObject({ calls: 0, cachedCalls: 6 });
    expect(judge.calls()).toBe(6);
    expect(again.figures).toEqual(first.figures);
  });

  it("go on where an earlier command stopped for its budget", async () => {
    const judge = await aJudge(answer("supported"));
    judge.project.writeLines(LABELS, outputs);
    await expect(judge.calibrate({ concurrency: 1, maxCost: 0.000001 })).rejects.toMatchObject({
      code: "BUDGET_REACHED",
    });
    const { usage } = await judge.calibrate();
    expect(usage.cachedCalls).toBe(1);
    expect(judge.calls()).toBe(2);
  });

  it("are not put to a judge without a price under a budget in money", async () => {
    const judge = await aJudge(answer("supported"), { price: null });
    judge.project.writeLines(LABELS, outputs);
    await expect(judge.calibrate({ maxCost: 1 })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: "cannot hold a budget of $1: model grader has no price",
    });
    expect(judge.calls()).toBe(0);
  });

  it("are unusable where the judge breaks its contract or the provider refuses, and never a grade", async () => {
    const judge = await aJudge((request) => {
      const text = JSON.stringify(request.body.messages);
      return text.includes("| No.")
        ? { kind: "status", status: 400 }
        : { kind: "answer", text: "supported!" };
    });
    judge.project.writeLines(LABELS, outputs);
    const { figures, obstacles } = await judge.calibrate();
    expect(figures).toMatchObject({ unscored: 2, accuracy: 0, kappa: null, sensitivity: null });
    expect(obstacles).toContainEqual(expect.stringMatching(/^2 of 2 labels have no usable answer/));
  });

  it("end with a refused key, and leave no record", async () => {
    const judge = await aJudge(() => ({ kind: "status", status: 401 }));
    judge.project.writeLines(LABELS, outputs);
    await expect(judge.calibrate()).rejects.toMatchObject({ code: "AUTHENTICATION" });
    expect(judge.project.printed()).toBe("");
  });

  it("of pairs are put in both orders", async () => {
    const judge = await aJudge(
      (request) => {
        const shown = JSON.stringify(request.body.messages);
        return answer(shown.indexOf("GOOD") < shown.indexOf("BAD") ? "first" : "second")(request);
      },
      { rubric: pairwise },
    );
    judge.project.writeLines(LABELS, pairs);
    const { figures } = await judge.calibrate();
    expect(figures).toMatchObject({ n: 2, accuracy: 1, kappa: 1 });
    expect(figures.order).toMatchObject({ consistency: 1, firstSlotRate: 0.5 });
    expect(judge.calls()).toBe(4);
  });

  it.each([
    ["first", { consistency: 0, firstSlotRate: 1 }, 0.5],
    ["tie", { consistency: null, positionalAgreement: 1 }, 0],
  ] as const)("of pairs show a judge that always says %s", async (label, order, accuracy) => {
    const judge = await aJudge(answer(label), { rubric: pairwise });
    judge.project.writeLines(LABELS, pairs);
    const { figures, admitted } = await judge.calibrate();
    expect(figures).toMatchObject({ accuracy, order });
    expect(admitted).toBe(false);
  });

  it("count a panel as one judge", async () => {
    const labels = { one: "supported", two: "supported", three: "unsupported" } as const;
    const judge = await aJudge(
      (request) => answer(labels[request.body.model as keyof typeof labels])(request),
      { rubric: { model: undefined, panel: Object.keys(labels) }, panel: Object.keys(labels) },
    );
    judge.project.writeLines(LABELS, outputs);
    const { figures, judge: found } = await judge.calibrate();
    expect(figures).toMatchObject({ n: 2, accuracy: 0.5 });
    expect(found?.models.map(({ model }) => model)).toEqual(["one", "two", "three"]);
    expect(judge.calls()).toBe(6);
  });
});
