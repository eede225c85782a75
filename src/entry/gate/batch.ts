import { join } from "node:path";
import type { BatchModel } from "../../domain/batch.ts";
import type { Log } from "../../domain/ports.ts";
import type { ModelSettings } from "../../domain/project.ts";
import { createUsageMeter, type Purpose, type UsageMeter } from "../../evals/calls/usage.ts";
import { createBatchModel, takesBatches } from "../../models/index.ts";
import { askedModels, type Asked } from "./asked-models.ts";
import { keepBaselineSamples } from "./baseline-samples.ts";
import { openBatchAnswers, type BatchAnswers } from "./batch-answers.ts";
import { openBatchFiles } from "./batch-files.ts";
import { expectedCallCost } from "./batch-money.ts";
import { modelKey, type Stage } from "./batch-progress.ts";
import { collectMissing, identityOf, type MissingRequests } from "./batch-requests.ts";
import { checkBatchable } from "./batch-rules.ts";
import { runStage } from "./batch-stage.ts";
import { BATCH_TIMING, patiently, type Waiting } from "./batch-timing.ts";
import type { Execution, RunSettings } from "./evaluation-run.ts";
import type { Prefilled } from "./prefilled.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { FREE, priceOf } from "./price-of.ts";
import { openBudget, runAdmission } from "./run-budget.ts";
import { openRun } from "./run-directory.ts";
import { progressOf } from "./run-observer.ts";

interface Question {
  readonly scope: GateScope;
  readonly preparation: Preparation;
  readonly settings: RunSettings;
}

function batchModels({ scope }: Question): (settings: ModelSettings) => BatchModel {
  const { context } = scope;
  const opened = new Map<string, BatchModel>();
  return (settings) => {
    const key = modelKey(identityOf(settings));
    const model =
      opened.get(key) ??
      createBatchModel(settings, {
        openaiApiKey: context.environment["OPENAI_API_KEY"],
        clock: context.clock,
        monotonic: () => performance.now(),
      });
    opened.set(key, model);
    return model;
  };
}

/** Every server is asked whether it takes batches before the first one gets any. */
async function checkServers(
  { scope, preparation }: Question,
  modelOf: (settings: ModelSettings) => BatchModel,
  waiting: Waiting,
): Promise<void> {
  const models = askedModels(scope, preparation)
    .filter(({ settings }) => takesBatches(settings.provider))
    .map(({ settings }) => modelOf(settings));
  for (const model of new Set(models)) await patiently(waiting, () => model.check(waiting.signal));
}

/** A run that is looked at and shows nothing. */
function silentExecution(question: Question, { journal }: BatchAnswers, usage: UsageMeter): Execution {
  return {
    ...question,
    journal: journal(),
    usage,
    observer: {
      log: question.scope.context.log,
      observe: () => undefined,
      unscored: () => ({ cases: 0, first: [] }),
      done: () => undefined,
    },
  };
}

function isPaidJudge({ purpose, settings }: Asked): boolean {
  return purpose === "judge" && priceOf(settings)?.kind !== "free";
}

/** The way to the money: what a batch is expected to cost, and what its answers did. */
function moneyOf(
  { scope, preparation, settings }: Question,
  modelOf: Stage["modelOf"],
  usage: UsageMeter,
): {
  readonly checkTime: () => void;
  readonly reserve: (purpose: Purpose, wanted: MissingRequests) => Stage["reserve"];
} {
  const budget = settings.budget ?? openBudget(scope.project, settings);
  const admit = runAdmission(scope, preparation, budget);
  const paysJudges = askedModels(scope, preparation).some(isPaidJudge);
  return {
    // What is free is admitted as long as there is time.
    checkTime: () => void admit("judge", FREE),
    reserve: (purpose, wanted) => {
      const each = new Map<string, number>();
      const { outputTokens } = preparation.run;
      const now = usage.outputTokens();
      const earlier = {
        generation: now.generation ?? outputTokens.generation,
        judge: now.judge ?? outputTokens.judge,
      };
      const expected = (model: ModelSettings): number => {
        const key = modelKey(identityOf(model));
        const same = [...wanted.values()].filter(({ settings }) => modelKey(identityOf(settings)) === key);
        return (expectedCallCost(same, earlier) ?? 0) * modelOf(model).priceShare;
      };
      return (model, requests, submitted) => {
        const key = modelKey(identityOf(model));
        const cost = each.get(key) ?? (budget.limits.usd === null ? 0 : expected(model));
        each.set(key, cost);
        const held = budget.reserve({ purpose, usd: cost * requests, paysJudges, submitted });
        return { spend: (costUsd) => held.spend(cost, costUsd), release: held.release };
      };
    },
  };
}

/** A line that is printed while a bar is drawn would end up in it. */
function aboveBar(line: (text: string) => void): Log {
  return { info: line, warn: (text) => line(`warning: ${text}`) };
}

/**
 * Has what the run will ask answered in batches and put into its journal: first the answers, then the judgements of them.
 * What is still missing then, the run asks live.
 */
export async function prefillRun(question: Question): Promise<Prefilled> {
  const { scope, preparation, settings } = question;
  const { context, project, prompt } = scope;
  checkBatchable(scope, preparation);
  const { absolutePath } = await openRun(preparation.run);
  const { baselineSamples } = preparation;
  // Their numbers are part of what is asked: another command must ask the same.
  if (baselineSamples?.cases.length === 0) await keepBaselineSamples(project.root, baselineSamples);
  const usage = createUsageMeter();
  const modelOf = batchModels(question);
  const money = moneyOf(question, modelOf, usage);
  const { signal, clock } = context;
  const waiting: Waiting = { timing: settings.batchTiming ?? BATCH_TIMING, signal, now: () => clock.now() };
  const answers = openBatchAnswers(join(absolutePath, "journal.jsonl"), question, { usage, modelOf });
  const files = openBatchFiles(join(absolutePath, "batches"));
  let isChecked = false;
  try {
    for (const purpose of ["generation", "judge"] as const) {
      if (await files.isSettled(purpose)) continue;
      const missing = await collectMissing(silentExecution(question, answers, usage), answers.cache());
      const wanted = new Map([...missing].filter(([, asked]) => asked.purpose === purpose));
      if (wanted.size === 0) continue;
      if (!isChecked) await checkServers(question, modelOf, waiting);
      isChecked = true;
      const progress = progressOf({ context, total: wanted.size });
      const log = context.terminal.interactive ? aboveBar(progress.line) : context.log;
      let shown = 0;
      try {
        await runStage({
          provider: { files, waiting },
          wanted,
          answers,
          modelOf,
          checkTime: money.checkTime,
          reserve: money.reserve(purpose, wanted),
          say: (line) => log.info(`${prompt.name}: ${line}`),
          warn: (line) => log.warn(`${prompt.name}: ${line}`),
          showFinished: (finished) => {
            progress.advance(finished - shown, `${prompt.name}, in batches`);
            shown = finished;
          },
        });
      } finally {
        progress.done();
      }
      await files.settle(purpose);
    }
  } finally {
    answers.close();
  }
  return { usage, answers: answers.kept };
}
