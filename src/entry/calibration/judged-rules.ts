import { readCalibrationRecord } from "../../config/calibration-record.ts";
import type { Project, PromptProject } from "../../domain/project.ts";
import type { Rubric } from "../../domain/rubric.ts";
import type { MetricRule } from "../../domain/scores.ts";
import type { TierPolicy } from "../../domain/tier.ts";
import { calibratedRules, type JudgeEvidence, type JudgeStanding } from "../../gate/calibration.ts";
import { judgeIdentity } from "./judge-identity.ts";

async function evidenceOf(project: Project, rubric: Rubric): Promise<JudgeEvidence> {
  const read = await readCalibrationRecord(project.root, rubric);
  if (read.kind !== "record") return read;
  const { fingerprint, figures } = read.record;
  return fingerprint === judgeIdentity(project, rubric).fingerprint
    ? { kind: "measured", figures }
    : { kind: "stale" };
}

/** The rules of a gate after the calibration of its judges had its say, and what to tell the user of it. */
export async function judgedRules(
  { project, prompt }: { readonly project: Project; readonly prompt: Pick<PromptProject, "gates"> },
  { rules, rubrics }: { readonly rules: readonly MetricRule[]; readonly rubrics: readonly Rubric[] },
  policy: Pick<TierPolicy, "calibration">,
): Promise<ReturnType<typeof calibratedRules>> {
  const judges = new Map<string, JudgeStanding>();
  for (const rubric of rubrics) {
    judges.set(rubric.name, {
      evidence: await evidenceOf(project, rubric),
      adjustMargin: prompt.gates[rubric.name]?.adjustMargin ?? false,
    });
  }
  return calibratedRules(rules, judges, policy.calibration);
}
