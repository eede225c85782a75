import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { runGate } from "../../../src/entry/commands/gate.ts";
import { runJudgeCalibrate } from "../../../src/entry/commands/judge-calibrate.ts";
import { runPlan } from "../../../src/entry/commands/plan.ts";
import type { GateResult } from "../../../src/domain/gate-result.ts";
import { faithfulness, judgeProject, type JudgeProject } from "./judge-project.ts";

const projects: JudgeProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

const RECORD = "rubrics/calibration/faithfulness.record.json";

const selection = {
  prompts: ["greeter"],
  baseline: "production",
  tier: "auto",
  outputs: [],
  filterTag: [],
  filterId: [],
  json: true,
  verbose: false,
} as const;

function aProject(calibration: "required" | "advised" | "off", gate: object = {}): JudgeProject {
  const project = judgeProject({
    config: { policies: { minor: { calibration }, major: { calibration } } },
    prompt: { gates: { faithfulness: { margin: 0.05, ...gate } } },
  });
  projects.push(project);
  return project;
}

/** Calibrates the embedded judge on labels that it agrees with, but for so many of each kind. */
async function calibrate(project: JudgeProject, errors = 0): Promise<void> {
  project.writeLines(
    "rubrics/calibration/faithfulness.jsonl",
    Array.from({ length: 200 }, (_, index) => {
      const isGood = index % 2 === 0;
      const isCalledGood = index < 2 * errors ? !isGood : isGood;
      return {
        id: `label-${index}`,
        vars: { query: "What does it cost?", context: `Article ${index} costs ${index} euros.` },
        output: isGood ? `Article ${index} costs ${index} euros.` : "Bananas grow on purple mountains.",
        human: isCalledGood ? "supported" : "unsupported",
      };
    }),
  );
  await runJudgeCalibrate(project.context, {
    rubric: "faithfulness",
    repeat: 2,
    concurrency: 4,
    cache: false,
    json: true,
    verbose: false,
  });
  project.printed();
}

interface Planned {
  readonly warnings: readonly string[];
  readonly policy: string;
}

async function planned(project: JudgeProject): Promise<Planned> {
  await runPlan(project.context, selection);
  const [prompt] = (
    JSON.parse(project.printed()) as {
      prompts: { warnings: string[]; digests: { policy: string } }[];
    }
  ).prompts;
  const warnings = (prompt?.warnings ?? []).filter((warning) => warning.includes("faithfulness"));
  return {
    warnings: warnings.filter((warning) => /judge|margin/.test(warning)),
    policy: prompt?.digests.policy ?? "",
  };
}

async function gate(project: JudgeProject): Promise<GateResult> {
  await runGate(project.context, {
    ...selection,
    output: [],
    dryRun: false,
    concurrency: 4,
    cache: false,
  });
  return JSON.parse(project.printed()) as GateResult;
}

describe("a gate whose policy demands a calibrated judge", () => {
  it("decides by a judge that was admitted", async () => {
    const project = aProject("required");
    await calibrate(project);
    expect((await planned(project)).warnings).toEqual([]);
    const [prompt] = (await gate(project)).prompts;
    expect(prompt?.metrics.find(({ name }) => name === "faithfulness")?.level).toBe("error");
  });

  it("makes a metric advisory without a record, and its report says so", async () => {
    const project = aProject("required");
    const [prompt] = (await gate(project)).prompts;
    expect(prompt?.metrics.find(({ name }) => name === "faithfulness")?.level).toBe("warn");
    expect(prompt?.warnings).toContainEqual(
      "faithfulness is advisory: the policy demands a calibrated judge, and its judge was never compared with people's labels (promptgate judge calibrate faithfulness)",
    );
  });

  it.each<[string, (project: JudgeProject) => void, RegExp]>([
    [
      "another rubric",
      (project) =>
        project.write("rubrics/faithfulness.yml", stringify({ ...faithfulness, instructions: "Be strict." })),
      /its judge has changed since/,
    ],
    ["a damaged record", (project) => project.write(RECORD, "{"), /faithfulness\.record\.json is no JSON/],
    [
      "figures that cannot be",
      (project) => {
        const record = readFileSync(join(project.root, RECORD), "utf8");
        project.write(RECORD, record.replace('"kappa": 1', '"kappa": 7'));
      },
      /faithfulness\.record\.json is no calibration record \(figures\.kappa\)/,
    ],
    [
      "answers made elsewhere",
      (project) => {
        const record = readFileSync(join(project.root, RECORD), "utf8");
        project.write(RECORD, record.replace('"live"', '"stored"'));
      },
      /is no calibration record \(source\)/,
    ],
    [
      "a claim to be admitted that the figures do not bear out",
      (project) => {
        const record = readFileSync(join(project.root, RECORD), "utf8");
        project.write(RECORD, record.replace('"n": 200', '"n": 20'));
      },
      /below the floor: 20 labels are too few/,
    ],
  ])("makes a metric advisory after %s", async (_, change, expected) => {
    const project = aProject("required");
    await calibrate(project);
    const before = await planned(project);
    change(project);
    const after = await planned(project);
    expect(after.warnings).toEqual([expect.stringMatching(expected)]);
    expect(after.warnings[0]).toMatch(/^faithfulness is advisory/);
    // Another policy is another question: a verdict drawn before is not repeated.
    expect(after.policy).not.toBe(before.policy);
  });

  it("only warns when calibration is advised, and is silent when it is off", async () => {
    expect((await planned(aProject("advised"))).warnings).toEqual([
      "faithfulness: its judge was never compared with people's labels (promptgate judge calibrate faithfulness)",
    ]);
    expect((await planned(aProject("off"))).warnings).toEqual([]);
  });

  it("shrinks a margin by the errors that the judge was seen to make", async () => {
    const project = aProject("required", { adjustMargin: true });
    // 10 of 100 of either kind: J = 0.8.
    await calibrate(project, 10);
    expect((await planned(project)).warnings).toEqual([
      "faithfulness: the margin of 5 points is 4 points on this judge's scores, which show 80 % of a true drop",
    ]);
    const [prompt] = (await gate(project)).prompts;
    expect(prompt?.metrics.find(({ name }) => name === "faithfulness")?.margin).toBeCloseTo(0.04, 12);
  });
});
