import { describe, expect, it } from "vitest";
import { runTasks } from "../../src/evals/run-tasks.ts";

const never = new AbortController().signal;

describe("running tasks", () => {
  it("keeps at most the given number under way and does every item once", async () => {
    let underWay = 0;
    let most = 0;
    const done: number[] = [];
    await runTasks(
      Array.from({ length: 50 }, (_, index) => index),
      async (item) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await Promise.resolve();
        underWay -= 1;
        done.push(item);
      },
      { concurrency: 7, signal: never },
    );
    expect(most).toBe(7);
    expect(done.toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: 50 }, (_, index) => index),
    );
  });

  it("stops taking items at the first failure, waits for what has started, and throws it", async () => {
    const started: number[] = [];
    const finished: number[] = [];
    const run = runTasks(
      [0, 1, 2, 3, 4, 5],
      async (item) => {
        started.push(item);
        await Promise.resolve();
        if (item === 1) throw new Error("item 1");
        finished.push(item);
      },
      { concurrency: 2, signal: never },
    );
    await expect(run).rejects.toThrow("item 1");
    expect(finished.length).toBe(started.length - 1);
    expect(started.length).toBeLessThan(6);
  });

  it("throws the reason of an aborted signal", async () => {
    const controller = new AbortController();
    const done: number[] = [];
    const run = runTasks(
      [0, 1, 2, 3],
      async (item) => {
        if (item === 1) controller.abort(new Error("stopped by the user"));
        done.push(item);
        await Promise.resolve();
      },
      { concurrency: 1, signal: controller.signal },
    );
    await expect(run).rejects.toThrow("stopped by the user");
    expect(done).toEqual([0, 1]);
  });
});
