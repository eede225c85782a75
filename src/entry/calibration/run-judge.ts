import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { HumanLabels } from "../../config/calibration-labels.ts";
import { jsonDigest } from "../../domain/digest.ts";
import type { RunUsage } from "../../domain/gate-result.ts";
import type { Project } from "../../domain/project.ts";
import { judgesOf, type Rubric } from "../../domain/rubric.ts";
import { createUsageMeter } from "../../evals/calls/usage.ts";
import type { AskJudge } from "../../evals/judge/ask-judge.ts";
import { openJournal, type Journal } from "../../evals/journal.ts";
import type { CommandContext } from "../context.ts";
import type { Asked } from "../gate/asked-models.ts";
import { openModels } from "../gate/open-models.ts";
import { modelSettingsOf } from "../gate/resolve-versions.ts";
import { openBudget, pricedAdmission } from "../gate/run-budget.ts";
import type { RunSettings } from "../gate/evaluation-run.ts";
import { progressOf } from "../gate/run-observer.ts";
import { askLabels } from "./ask-labels.ts";
import type { AnsweredLabel } from "./grade-labels.ts";
import { judgeIdentity } from "./judge-identity.ts";

interface JudgeRun {
  readonly context: CommandContext;
  readonly project: Project;
  readonly rubric: Rubric;
  readonly labels: HumanLabels;
  readonly repeat: number;
  readonly settings: RunSettings;
}

/** What was paid for is kept under the judge and the labels: the same command goes on where it stopped. */
async function openAnswers({ project, rubric, labels }: JudgeRun): Promise<Journal> {
  const identity = jsonDigest([judgeIdentity(project, rubric).fingerprint, labels.digest]);
  const folder = join(project.root, ".promptgate/runs/calibration", identity.slice("sha256:".length, 23));
  await mkdir(folder, { recursive: true });
  return openJournal(join(folder, "journal.jsonl"));
}

/** Replayed answers cost nothing. */
function judgesToPay({ project, rubric, settings }: JudgeRun): Asked[] {
  return settings.replay === undefined
    ? judgesOf(rubric).map((model) => ({ purpose: "judge", settings: modelSettingsOf(project, { model }) }))
    : [];
}

/** Has the configured judge answer every label, under the limits, the cache and the budget of a gate. */
export async function runJudge(
  run: JudgeRun,
): Promise<{ readonly answered: readonly AnsweredLabel[]; readonly usage: RunUsage }> {
  const { context, project, rubric, labels, repeat, settings } = run;
  const journal = await openAnswers(run);
  const usage = createUsageMeter();
  if (journal.damagedLines > 0) {
    context.log.warn("an answer of an earlier run had been cut off; the call is made again");
  }
  const progress = progressOf({ context, total: labels.labels.length * repeat });
  try {
    const askModel = openModels({
      context: {
        ...context,
        log: { info: progress.line, warn: (line) => progress.line(`warning: ${line}`) },
      },
      root: project.root,
      access: settings,
      journal,
      usage,
      admit: pricedAdmission(judgesToPay(run), openBudget(project, settings)),
    });
    const ask: AskJudge = async (request, judge) =>
      (await askModel(modelSettingsOf(project, { model: judge })).ask(request, "judge")).completion;
    const answered = await askLabels(labels, {
      rubric,
      ask,
      repeat,
      concurrency: settings.concurrency,
      signal: context.signal,
      advance: () => progress.advance(1, rubric.name),
    });
    return { answered, usage: usage.read() };
  } finally {
    progress.done();
    journal.close();
  }
}
