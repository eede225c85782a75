import type { Answer } from "./answer.ts";
import type { EvaluationRun, Task } from "./run-looks.ts";
import type { Side } from "./sides.ts";

/** Answers that were asked for before it was known whether they are needed. */
export interface AnswersAhead {
  /** Asks for the first `count` tasks. A failure waits for whoever needs the answer. */
  start(tasks: Iterable<Task>, count: number): void;
  /** The task's side; an answer that was asked for ahead is given out once, as fresh as it is. */
  answering(task: Task): Side;
  /** Resolves when nothing asked for ahead is under way any more. */
  settled(): Promise<void>;
}

function nameOf({ id, side, sample }: Task): string {
  return JSON.stringify([side.name, sample, id]);
}

/** Only answers are asked for ahead: which judges are still needed, the decision says. */
export function answersAhead({ readCase }: Pick<EvaluationRun, "readCase">): AnswersAhead {
  const waiting = new Map<string, Promise<Answer>>();
  const underWay = new Set<Promise<unknown>>();

  function ask(task: Task): void {
    const answer = readCase(task.id).then((testCase) => task.side.generate(testCase, task.sample));
    waiting.set(nameOf(task), answer);
    const ended: Promise<unknown> = answer.then(
      () => underWay.delete(ended),
      () => underWay.delete(ended),
    );
    underWay.add(ended);
  }

  return {
    start: (tasks, count) => {
      let left = count;
      for (const task of tasks) {
        if (left === 0) return;
        left -= 1;
        ask(task);
      }
    },
    answering: (task) => {
      const name = nameOf(task);
      const answer = waiting.get(name);
      if (answer === undefined) return task.side;
      waiting.delete(name);
      return { ...task.side, generate: () => answer };
    },
    settled: async () => {
      await Promise.all(underWay);
    },
  };
}
