import type { Answer } from "./answer.ts";
import type { EvaluationRun, Task } from "./run-looks.ts";
import type { Side } from "./sides.ts";

/** Answers that were asked for before it was known whether they are needed. */
export interface AnswersAhead {
  /**
   * Asks for answers to the tasks in order: half of the run's concurrency at a time, as many as the concurrency in all, and
   * none after a failure, which waits for whoever needs the answer.
   */
  start(tasks: Iterable<Task>): void;
  /** Asks for no further one: those who need them do. */
  stop(): void;
  /** The task's side; an answer that was asked for ahead is given out once, as fresh as it is. */
  answering(task: Task): Side;
  /** Resolves when nothing asked for ahead is under way any more. */
  settled(): Promise<void>;
}

function nameOf({ id, side, sample }: Task): string {
  return JSON.stringify([side.name, sample, id]);
}

const NOTHING: Iterator<Task> = [].values();

/** Only answers are asked for ahead: which judges are still needed, the decision says. */
export function answersAhead({
  concurrency,
  readCase,
}: Pick<EvaluationRun, "concurrency" | "readCase">): AnswersAhead {
  const waiting = new Map<string, Promise<Answer>>();
  const underWay = new Set<Promise<unknown>>();
  let next = NOTHING;
  let left = 0;

  const stop = (): void => {
    next = NOTHING;
  };

  /** The end of a look is judged call by call: what an answer leaves free is taken by the next one. */
  function askNext(): void {
    const { value: task, done } = left === 0 ? { value: undefined, done: true } : next.next();
    if (done === true || task === undefined) return;
    left -= 1;
    const answer = readCase(task.id).then((testCase) => task.side.generate(testCase, task.sample));
    waiting.set(nameOf(task), answer);
    const ended: Promise<unknown> = answer.then(askNext, stop).finally(() => underWay.delete(ended));
    underWay.add(ended);
  }

  return {
    start: (tasks) => {
      next = tasks[Symbol.iterator]();
      left = concurrency;
      for (let places = Math.ceil(concurrency / 2); places > 0; places -= 1) askNext();
    },
    stop,
    answering: (task) => {
      const name = nameOf(task);
      const answer = waiting.get(name);
      if (answer === undefined) return task.side;
      waiting.delete(name);
      return { ...task.side, generate: () => answer };
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
