import { describe, expect, it } from "vitest";
import { createProgress } from "../../src/entry/progress.ts";

interface Stage {
  now: number;
  readonly written: string[];
  /** Fires the repeated call, as the passing of time does. */
  tick: () => void;
  stopped: boolean;
}

function aStage(options: { interactive: boolean; total: number; width?: number }) {
  const stage: Stage = { now: 0, written: [], tick: () => undefined, stopped: false };
  const progress = createProgress({
    ...options,
    write: (text) => stage.written.push(text),
    clock: { now: () => stage.now },
    repeat: (callback) => {
      stage.tick = callback;
      return () => {
        stage.stopped = true;
      };
    },
  });
  return { stage, progress };
}

/** What a terminal shows in the end: each redraw starts its line anew. */
function screen(written: readonly string[]): string[] {
  return written
    .join("")
    .split("\n")
    .map((line) => line.split("\r\u001b[2K").at(-1) ?? "");
}

describe("progress in a log", () => {
  it("writes a line every 10 %", () => {
    const { stage, progress } = aStage({ interactive: false, total: 200 });
    for (let step = 1; step <= 200; step += 1) {
      stage.now += 100;
      progress.advance(1, "look 1 of 4");
    }
    progress.done();
    expect(stage.written).toHaveLength(10);
    expect(stage.written[0]).toBe("20 of 200, 10 %, about 18 s left, look 1 of 4\n");
    expect(stage.written.at(-1)).toBe("200 of 200, 100 %, look 1 of 4\n");
  });

  it("writes a line after 30 s although 10 % are not reached", () => {
    const { stage, progress } = aStage({ interactive: false, total: 1_000 });
    progress.advance(1);
    stage.now = 30_000;
    progress.advance(1);
    expect(stage.written).toEqual(["2 of 1000, 0 %, about 250 min left\n".replace("250 min", "4 h 10 min")]);
  });

  it("shows life while nothing advances", () => {
    const { stage, progress } = aStage({ interactive: false, total: 10 });
    progress.advance(0, "customer-support");
    stage.now = 30_000;
    stage.tick();
    progress.done();
    expect(stage.written).toEqual(["0 of 10, 0 %, customer-support\n"]);
    expect(stage.stopped).toBe(true);
  });

  it("follows a total that shrinks", () => {
    const { stage, progress } = aStage({ interactive: false, total: 1_000 });
    progress.advance(95);
    progress.resize(100);
    progress.advance(5);
    expect(stage.written).toEqual(["100 of 100, 100 %\n"]);
  });

  it("never says more than 100 %", () => {
    const { stage, progress } = aStage({ interactive: false, total: 2 });
    progress.advance(3);
    progress.done();
    expect(stage.written).toEqual(["3 of 3, 100 %\n"]);
  });

  it("holds no escape sequence, not even from a label", () => {
    const { stage, progress } = aStage({ interactive: false, total: 1 });
    progress.advance(1, "\u001b[2Jcase\r\n");
    expect(stage.written.join("")).toBe("1 of 1, 100 %, \\u{1b}[2Jcase\\u{d}\n");
  });
});

describe("progress on a terminal", () => {
  it("redraws one line and leaves nothing behind", () => {
    const { stage, progress } = aStage({ interactive: true, total: 4 });
    progress.advance(1, "$0.12 so far");
    stage.now = 1_000;
    progress.advance(1);
    expect(screen(stage.written)).toEqual([
      "[##########----------] 2 of 4, 50 %, about 1 s left, $0.12 so far",
    ]);
    progress.done();
    expect(screen(stage.written)).toEqual([""]);
  });

  it("draws at most ten times a second", () => {
    const { stage, progress } = aStage({ interactive: true, total: 10_000 });
    for (let step = 0; step < 1_000; step += 1) {
      stage.now += 1;
      progress.advance(1);
    }
    expect(stage.written.length).toBeLessThanOrEqual(10);
    expect(stage.written.length).toBeGreaterThanOrEqual(9);
  });

  it("puts lines above the bar", () => {
    const { stage, progress } = aStage({ interactive: true, total: 2 });
    progress.advance(1);
    progress.line("warning: slow");
    expect(screen(stage.written)).toEqual([
      "warning: slow",
      "[##########----------] 1 of 2, 50 %, about 0 s left",
    ]);
  });

  it("cuts the line to the width, for one that wraps cannot be drawn over", () => {
    const { stage, progress } = aStage({ interactive: true, total: 2, width: 30 });
    progress.advance(1, "a long label that does not fit");
    expect(screen(stage.written)[0]).toHaveLength(29);
  });

  it("draws nothing after the end", () => {
    const { stage, progress } = aStage({ interactive: true, total: 2 });
    progress.done();
    progress.done();
    progress.advance(1);
    stage.tick();
    progress.line("saved");
    expect(stage.written).toEqual(["saved\n"]);
    expect(stage.stopped).toBe(true);
  });
});
