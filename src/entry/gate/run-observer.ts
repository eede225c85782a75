import type { RunUsage, UnscoredCase } from "../../domain/gate-result.ts";
import type { Log } from "../../domain/ports.ts";
import type { CaseEvaluation } from "../../evals/evaluate-case.ts";
import type { CommandContext } from "../context.ts";
import { createProgress } from "../progress.ts";

/** Enough to see what went wrong; the count of cases is complete. */
const UNSCORED_KEPT = 200;

/** What could not be scored: how many cases, and the first of the gaps. */
export interface UnscoredSummary {
  readonly cases: number;
  readonly first: readonly UnscoredCase[];
}

/** Collects what could not be scored. */
export function collectUnscored(): {
  add(evaluation: Pick<CaseEvaluation, "side" | "row" | "reasons">): void;
  read(): UnscoredSummary;
} {
  const ids = new Set<string>();
  const first = new Map<string, UnscoredCase>();
  return {
    add: ({ side, row, reasons }) => {
      for (const [metric, score] of Object.entries(row.scores)) {
        if (score !== null) continue;
        ids.add(row.id);
        const key = JSON.stringify([row.id, metric, side]);
        // Critical cases are looked at twice; one line each is enough.
        if (first.size < UNSCORED_KEPT)
          first.set(key, { id: row.id, metric, side, reason: reasons[metric] ?? "" });
      }
    },
    read: () => ({ cases: ids.size, first: [...first.values()] }),
  };
}

/** Watches a run: shows progress and keeps what could not be scored. */
export interface RunObserver {
  readonly log: Log;
  observe(evaluation: CaseEvaluation): void;
  unscored(): UnscoredSummary;
  done(): void;
}

interface Observed {
  readonly context: Pick<CommandContext, "terminal" | "clock">;
  readonly prompt: string;
  /** Evaluations at most. */
  readonly total: number;
  usage(): RunUsage;
}

/** A bar, or lines where there is no terminal, on standard error. */
export function progressOf({
  context,
  total,
}: Pick<Observed, "context" | "total">): ReturnType<typeof createProgress> {
  return createProgress({
    interactive: context.terminal.interactive,
    write: (text) => void process.stderr.write(text),
    clock: context.clock,
    total,
    width: process.stderr.columns ?? context.terminal.width,
    repeat: (callback, milliseconds) => {
      const timer = setInterval(callback, milliseconds).unref();
      return () => clearInterval(timer);
    },
  });
}

export function observeRun(observed: Observed): RunObserver {
  const progress = progressOf(observed);
  const unscored = collectUnscored();
  return {
    log: { info: progress.line, warn: (line) => progress.line(`warning: ${line}`) },
    observe: (evaluation) => {
      const { costUsd } = observed.usage();
      const cost = costUsd === null || costUsd === 0 ? "" : `, $${costUsd.toFixed(2)} so far`;
      progress.advance(1, `${observed.prompt}${cost}`);
      unscored.add(evaluation);
    },
    unscored: unscored.read,
    done: () => progress.done(),
  };
}
