import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Calibration } from "../../../src/domain/calibration.ts";
import type { ScoreRow } from "../../../src/domain/scores.ts";
import { compareScores } from "../../../src/gate/compare-scores.ts";
import { runJudgeCalibrate } from "../../../src/entry/commands/judge-calibrate.ts";
import { judgeProject, type JudgeProject } from "./judge-project.ts";
import { hasLlmbar, llmbarFolder, llmbarLabels, llmbarPublished } from "./llmbar.ts";

let project: JudgeProject;
beforeAll(() => {
  project = judgeProject();
});
afterAll(() => project.remove());

async function calibrate(labels: readonly unknown[]): Promise<Calibration> {
  project.writeLines("labels.jsonl", labels);
  const code = await runJudgeCalibrate(project.context, {
    rubric: "faithfulness",
    labels: "labels.jsonl",
    repeat: 2,
    concurrency: 1,
    cache: false,
    json: true,
    verbose: false,
  });
  expect(code).toBe(0);
  return JSON.parse(project.printed()) as Calibration;
}

describe("judge calibrate on published verdicts", () => {
  it("reproduces every accuracy and positional agreement to the printed digits", async ({ skip }) => {
    skip(!hasLlmbar(), `no published verdicts at ${llmbarFolder}`);
    const labels = llmbarLabels();
    const published = llmbarPublished();
    expect(published).toHaveLength(349);
    for (const { group, row } of published) {
      const { figures } = await calibrate(labels.get(group) ?? []);
      const found = {
        n: figures.n,
        ab: 100 * (figures.order?.accuracyAsGiven ?? Number.NaN),
        ba: 100 * (figures.order?.accuracyReversed ?? Number.NaN),
        both: (100 * figures.accuracy).toFixed(4),
        agreement: (100 * (figures.order?.positionalAgreement ?? Number.NaN)).toFixed(4),
      };
      expect([group, found]).toEqual([
        group,
        {
          n: Number(row["n"]),
          ab: expect.closeTo(Number(row["acc_ab_pct"]), 10) as number,
          ba: expect.closeTo(Number(row["acc_ba_pct"]), 10) as number,
          both: row["recomputed_acc_avg_pct"],
          agreement: row["recomputed_agreement_pct"],
        },
      ]);
      expect(100 * figures.accuracy).toBeCloseTo(Number(row["acc_avg_pct"]), 10);
      expect(100 * (figures.order?.positionalAgreement ?? Number.NaN)).toBeCloseTo(
        Number(row["positional_agreement_pct"]),
        10,
      );
    }
  }, 120_000);

  it("gives the table in the docs", ({ skip }) => {
    skip(!hasLlmbar(), `no published verdicts at ${llmbarFolder}`);
    const root = join(import.meta.dirname, "../../..");
    const table = execFileSync(process.execPath, ["scripts/judge-table.mjs", llmbarFolder], {
      cwd: root,
      encoding: "utf8",
    });
    expect(table.split("\n")).toHaveLength(68);
    expect(table).toContain("| GPT-4 | `Vanilla` | 419 | 0 | 0.845 | 0.928 |");
    expect(readFileSync(join(root, "docs/judges.md"), "utf8")).toContain(table);
  });
});

interface Verdict {
  readonly id: string;
  readonly human: 1 | 2;
  readonly verdict_ab: 1 | 2 | null;
  readonly verdict_ba: 1 | 2 | null;
}

/** Accuracy of GPT-4 under a judge prompt, pair by pair: the mean of both orders. */
function scoresOf(prompt: string, labels: ReturnType<typeof llmbarLabels>): ScoreRow[] {
  return ["Natural", "Neighbor", "GPTInst", "GPTOut", "Manual"]
    .flatMap((subset) => (labels.get(`${subset} GPT-4 ${prompt}`) ?? []) as unknown as Verdict[])
    .map(({ id, human, verdict_ab, verdict_ba }) => ({
      id,
      sample: 0,
      scores: { accuracy: (Number(verdict_ab === human) + Number(verdict_ba === human)) / 2 },
    }));
}

describe("a gate of judge prompts on published verdicts", () => {
  it("passes one that judges better and never one that judges worse", ({ skip }) => {
    skip(!hasLlmbar(), `no published verdicts at ${llmbarFolder}`);
    const labels = llmbarLabels();
    const baseline = scoresOf("Vanilla", labels);
    const against = (prompt: string, options: { sequential: boolean; seed: number; margin: number }) =>
      compareScores(baseline, scoresOf(prompt, labels), options).verdict;
    expect(baseline).toHaveLength(419);
    expect(against("Metrics_Reference", { sequential: false, seed: 0, margin: 0.02 })).toBe("pass");
    for (const seed of Array.from({ length: 20 }, (_, index) => index)) {
      expect(against("CoT", { sequential: seed > 0, seed, margin: 0.02 })).not.toBe("pass");
    }
  });
});
