import { resolve } from "node:path";
import { readHumanLabels, type HumanLabels } from "../../config/calibration-labels.ts";
import { calibrationRecordFile } from "../../config/calibration-record.ts";
import type { Calibration } from "../../domain/calibration.ts";
import { GateError } from "../../domain/errors.ts";
import type { RunUsage } from "../../domain/gate-result.ts";
import type { Project } from "../../domain/project.ts";
import type { Rubric } from "../../domain/rubric.ts";
import { visibleLine } from "../../domain/visible.ts";
import { admissionObstacles } from "../../gate/calibration.ts";
import { findRubric } from "../calibration/find-rubric.ts";
import { calibrationFigures, storedAnswers, type AnsweredLabel } from "../calibration/grade-labels.ts";
import { judgeIdentity } from "../calibration/judge-identity.ts";
import { labelsPath, writeCalibrationRecord } from "../calibration/project-files.ts";
import { renderCalibration } from "../calibration/render-calibration.ts";
import { runJudge } from "../calibration/run-judge.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { RunSettings } from "../gate/evaluation-run.ts";
import { loadProjectFrom } from "../wire.ts";

export interface JudgeCalibrateOptions extends CommonOptions, RunSettings {
  /** A rubric's name or file. */
  readonly rubric: string;
  /** Relative to the working directory; by default the rubric's own labels. */
  readonly labels?: string | undefined;
  /** How often each label is put to the judge. */
  readonly repeat: number;
}

const HINT = 'JSON Lines of labelled outputs: {"id","vars","output","human"}; docs/judges.md shows them';

interface Subject {
  readonly project: Project;
  readonly rubric: Rubric;
}

async function openLabels(
  context: CommandContext,
  { project, rubric }: Subject,
  given: string | undefined,
): Promise<HumanLabels> {
  if (given !== undefined) return readHumanLabels(resolve(context.cwd, given), given, rubric);
  const { calibration } = rubric;
  if (calibration === null) {
    throw new GateError(
      "USAGE",
      `the rubric ${visibleLine(rubric.name, 100)} names no labels to compare with`,
      {
        hint: `add calibration: FILE to it, or give --labels FILE: ${HINT}`,
      },
    );
  }
  return readHumanLabels(await labelsPath(project.root, calibration), calibration, rubric);
}

interface Answers {
  readonly source: Calibration["source"];
  readonly answered: readonly AnsweredLabel[];
  /** Null where nothing was asked. */
  readonly usage: RunUsage | null;
}

async function findAnswers(
  context: CommandContext,
  { project, rubric }: Subject,
  labels: HumanLabels,
  options: JudgeCalibrateOptions,
): Promise<Answers> {
  const stored = storedAnswers(labels);
  if (stored !== null) return { source: "stored", answered: stored, usage: null };
  const { repeat } = options;
  const run = await runJudge({ context, project, rubric, labels, repeat, settings: options });
  return { source: "live", ...run };
}

/** `judge calibrate`: how far a judge agrees with people, and whether its metric may decide. 0 = measured, whatever was found. */
export async function runJudgeCalibrate(
  context: CommandContext,
  options: JudgeCalibrateOptions,
): Promise<ExitCode> {
  const project = await loadProjectFrom(context, options, "error", null);
  const rubric = await findRubric(project, context.cwd, options.rubric);
  const subject = { project, rubric };
  const labels = await openLabels(context, subject, options.labels);
  const { source, answered, usage } = await findAnswers(context, subject, labels, options);
  const { figures, criteria } = calibrationFigures(answered, rubric);
  const obstacles = admissionObstacles(figures);
  const calibration: Calibration = {
    schema: "promptgate/calibration@1",
    rubric: rubric.name,
    source,
    admitted: obstacles.length === 0,
    obstacles,
    judge: source === "live" ? judgeIdentity(project, rubric) : null,
    labels: { file: labels.file, digest: labels.digest },
    figures,
    criteria,
    at: new Date(context.clock.now()).toISOString(),
  };
  const document = `${JSON.stringify(calibration, null, 2)}\n`;
  // Answers from elsewhere must never pass for those of the judge that gates ask.
  const record = source === "live" ? calibrationRecordFile(rubric) : null;
  if (record !== null) await writeCalibrationRecord(project.root, record, document);
  context.print(
    options.json
      ? `${JSON.stringify({ ...calibration, record, usage }, null, 2)}\n`
      : renderCalibration(calibration, record, context.terminal),
  );
  return 0;
}
