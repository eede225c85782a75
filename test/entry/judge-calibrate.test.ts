import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Calibration } from "../../src/domain/calibration.ts";
import type { RunUsage } from "../../src/domain/gate-result.ts";
import { runJudgeCalibrate, type JudgeCalibrateOptions } from "../../src/entry/commands/judge-calibrate.ts";
import { judgeProject, type JudgeProject } from "./calibration/judge-project.ts";

const projects: JudgeProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

function aProject(shape: Parameters<typeof judgeProject>[0] = {}): JudgeProject {
  const project = judgeProject(shape);
  projects.push(project);
  return project;
}

type Printed = Calibration & { readonly record: string | null; readonly usage: RunUsage | null };

async function calibrate(
  project: JudgeProject,
  options: Partial<JudgeCalibrateOptions> = {},
): Promise<{ readonly text: string; readonly document: Printed }> {
  const given: JudgeCalibrateOptions = {
    rubric: "faithfulness",
    repeat: 2,
    concurrency: 4,
    cache: true,
    json: true,
    verbose: false,
    ...options,
  };
  expect(await runJudgeCalibrate(project.context, given)).toBe(0);
  const text = project.printed();
  return { text, document: given.json ? (JSON.parse(text) as Printed) : ({} as Printed) };
}

/** Outputs that a judge of word overlap can tell apart; people call two of three supported. */
function labelledOutputs(count: number, human: (isGood: boolean, index: number) => string): unknown[] {
  return Array.from({ length: count }, (_, index) => {
    const isGood = index % 3 !== 0;
    return {
      id: `label-${index}`,
      vars: { query: `What does article ${index} cost?`, context: `Article ${index} costs ${index} euros.` },
      output: isGood ? `Article ${index} costs ${index} euros.` : "Bananas grow on purple mountains.",
      human: human(isGood, index),
    };
  });
}

const labels = "rubrics/calibration/faithfulness.jsonl";
const record = "rubrics/calibration/faithfulness.record.json";

describe("judge calibrate", () => {
  it("admits a judge that agrees with people, and keeps the record", async () => {
    const project = aProject();
    project.writeLines(
      labels,
      labelledOutputs(120, (isGood) => (isGood ? "supported" : "unsupported")),
    );
    const { document } = await calibrate(project);
    expect(document).toMatchObject({
      schema: "promptgate/calibration@1",
      rubric: "faithfulness",
      source: "live",
      admitted: true,
      obstacles: [],
      judge: { models: [{ provider: "embedded", model: "embedded-1" }] },
      labels: { file: labels },
      figures: { n: 120, positives: 80, negatives: 40, unscored: 0, retest: { comparisons: 120, flips: 0 } },
      at: "2026-11-20T10:00:00.000Z",
      record,
    });
    expect(document.figures.kappa).toBe(1);
    const { record: _, usage, ...kept } = document;
    expect(JSON.parse(readFileSync(join(project.root, record), "utf8"))).toEqual(kept);
    expect(usage?.calls).toBe(240);
  });

  it("says what keeps a judge from deciding, first of all, and exits 0 all the same", async () => {
    const project = aProject();
    project.writeLines(
      labels,
      labelledOutputs(120, (_, index) => (index % 2 === 0 ? "supported" : "unsupported")),
    );
    const { text } = await calibrate(project, { json: false });
    const [first, second, third] = text.split("\n");
    expect(first).toBe(" advisory  faithfulness, embedded embedded-1");
    expect(second).toBe("This judge's metric should not decide:");
    expect(third).toMatch(/^- sensitivity may be as low as 0\./);
    expect(text).toMatch(/kappa +-?0\.\d{3}/);
    expect(text.replace(/\s+/g, " ")).toContain(`Kept in ${record}`);
  });

  it("asks each label once when told to, and then does not know how steady the judge is", async () => {
    const project = aProject();
    project.writeLines(
      labels,
      labelledOutputs(120, (isGood) => (isGood ? "supported" : "unsupported")),
    );
    const { document } = await calibrate(project, { repeat: 1 });
    expect(document.admitted).toBe(false);
    expect(document.obstacles).toEqual(["test-retest was not measured: each output was judged once"]);
  });

  it("compares answers made elsewhere without asking anybody, and keeps no record of them", async () => {
    const project = aProject();
    project.writeLines(labels, [
      { id: "a", human: "supported", verdicts: ["supported", "partly"] },
      { id: "b", human: "unsupported", verdicts: ["unsupported", null] },
    ]);
    const { document } = await calibrate(project);
    expect(document).toMatchObject({
      source: "stored",
      judge: null,
      record: null,
      usage: null,
      figures: { n: 2, accuracy: 1, retest: { comparisons: 2, flips: 2 } },
    });
    expect(existsSync(join(project.root, record))).toBe(false);
    const { text } = await calibrate(project, { json: false });
    expect(text.replace(/\s+/g, " ")).toContain(
      "No record is kept: answers made elsewhere speak for no judge",
    );
  });

  it("shows each criterion where there are several", async () => {
    const criteria = [
      { id: "grounded", question: "Is every claim supported by the context?" },
      { id: "relevant", question: "Does it answer the question?" },
    ];
    const project = aProject({ rubric: { criteria } });
    project.writeLines(labels, [
      {
        id: "a",
        human: { grounded: "supported", relevant: "partly" },
        verdict: { grounded: "supported", relevant: "supported" },
      },
      {
        id: "b",
        human: { grounded: "partly", relevant: "partly" },
        verdict: { grounded: "partly", relevant: "partly" },
      },
    ]);
    const { document } = await calibrate(project);
    expect(document.figures).toMatchObject({ n: 2, accuracy: 0.75 });
    expect(document.criteria.map(({ id, figures }) => [id, figures.n, figures.accuracy])).toEqual([
      ["grounded", 2, 1],
      ["relevant", 2, 0.5],
    ]);
    const { text } = await calibrate(project, { json: false });
    expect(text).toContain("criterion relevant");
  });

  it("takes a rubric by its file, and labels from the working directory", async () => {
    const project = aProject({ rubric: { calibration: null } });
    project.writeLines(
      "mine.jsonl",
      labelledOutputs(3, () => "supported"),
    );
    const { document } = await calibrate(project, {
      rubric: "rubrics/faithfulness.yml",
      labels: "mine.jsonl",
    });
    expect(document.labels.file).toBe("mine.jsonl");
    expect(document.record).toBe("rubrics/calibration/faithfulness.record.json");
  });

  it.each<[string, Parameters<typeof judgeProject>[0], Partial<JudgeCalibrateOptions>, object]>([
    [
      "a rubric that is not there",
      {},
      { rubric: "tone" },
      { code: "USAGE", hint: "there are: faithfulness; or name a rubric's file" },
    ],
    ["a rubric without labels", { rubric: { calibration: null } }, {}, { code: "USAGE" }],
    [
      "labels that are not there",
      {},
      {},
      {
        code: "CONFIG_INVALID",
        message: "the rubric's calibration: rubrics/calibration/faithfulness.jsonl no such file",
      },
    ],
    [
      "labels outside of the project",
      { rubric: { calibration: "../labels.jsonl" } },
      {},
      { code: "CONFIG_INVALID" },
    ],
    ["a rubric file outside of the project", {}, { rubric: "../rubric.yml" }, { code: "CONFIG_INVALID" }],
  ])("refuses %s", async (_, shape, options, expected) => {
    await expect(calibrate(aProject(shape), options)).rejects.toMatchObject(expected);
  });

  it("never writes a record outside of the project", async () => {
    const outside = aProject();
    const project = aProject({ rubric: { calibration: "../elsewhere/labels.jsonl" } });
    project.writeLines(
      "mine.jsonl",
      labelledOutputs(3, () => "supported"),
    );
    await expect(calibrate(project, { labels: "mine.jsonl" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });

    const linked = aProject();
    linked.writeLines(
      "mine.jsonl",
      labelledOutputs(3, () => "supported"),
    );
    rmSync(join(linked.root, "rubrics/calibration"), { recursive: true, force: true });
    symlinkSync(outside.root, join(linked.root, "rubrics/calibration"));
    await expect(calibrate(linked, { labels: "mine.jsonl" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
    expect(existsSync(join(outside.root, "faithfulness.record.json"))).toBe(false);
  });

  it("says when the record cannot be written", async () => {
    const project = aProject();
    project.writeLines(
      "mine.jsonl",
      labelledOutputs(3, () => "supported"),
    );
    mkdirSync(join(project.root, "rubrics/calibration"), { recursive: true });
    mkdirSync(join(project.root, record));
    writeFileSync(join(project.root, record, "in-the-way"), "");
    await expect(calibrate(project, { labels: "mine.jsonl" })).rejects.toMatchObject({
      code: "STORAGE_FAILED",
    });
  });

  it("refuses labels of pairs for a judge of single outputs", async () => {
    const project = aProject();
    project.writeLines(labels, [{ id: "a", human: 1, outputs: ["Yes.", "No."] }]);
    await expect(calibrate(project)).rejects.toMatchObject({ code: "DATASET_INVALID" });
  });
});
