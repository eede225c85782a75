import type { Clock } from "../domain/ports.ts";
import { visibleLine } from "../domain/visible.ts";

interface ProgressOptions {
  /** True on a terminal: one line that is drawn again in place. */
  readonly interactive: boolean;
  /** Standard error. */
  readonly write: (text: string) => void;
  readonly clock: Clock;
  /** How many steps there are, as far as is known. */
  readonly total: number;
  /** Columns of the terminal; a longer line is cut, since one that wraps cannot be drawn over. */
  readonly width?: number;
  /** Calls back again and again until stopped, so that the line shows life while nothing advances. */
  readonly repeat: (callback: () => void, milliseconds: number) => () => void;
}

/** What long work reports while it goes on. Never throws; does nothing more after `done`. */
interface Progress {
  /** `steps` more are finished; `label` says what is under way, e.g. `look 2 of 5, $0.12 so far`; without it the last one stays. */
  advance(steps: number, label?: string): void;
  /** There are fewer (or more) steps than thought, e.g. after an early stop. */
  resize(total: number): void;
  /** A line of its own above the bar. */
  line(text: string): void;
  /** Clears the bar. */
  done(): void;
}

const REDRAW_MS = 100;
const LINE_MS = 30_000;
const LINE_SHARE = 0.1;
const BAR = 20;
const CLEAR = "\r\u001b[2K";

/** One way to show it. `advance` may draw. */
interface Display {
  advance(): void;
  line(text: string): void;
  done(): void;
}

interface State {
  finished: number;
  total: number;
  label: string;
  /** When something was last written, and at which share. */
  writtenAt: number;
  writtenShare: number;
  readonly startedAt: number;
}

function shareOf({ finished, total }: State): number {
  return total <= 0 ? 1 : Math.min(1, finished / total);
}

/** `1 h 5 min`, `4 min`, `35 s`. */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function summary(state: State, now: number): string {
  const share = shareOf(state);
  const elapsed = now - state.startedAt;
  const left =
    state.finished === 0 || share === 1 ? [] : [`about ${duration((elapsed / share) * (1 - share))} left`];
  const label = state.label === "" ? [] : [state.label];
  const counted = `${state.finished} of ${Math.max(state.total, state.finished)}, ${Math.floor(share * 100)} %`;
  return [counted, ...left, ...label].join(", ");
}

function bar(state: State): string {
  const filled = Math.floor(shareOf(state) * BAR);
  return `[${"#".repeat(filled)}${"-".repeat(BAR - filled)}]`;
}

function terminalProgress(state: State, { write, clock, width = 80 }: ProgressOptions): Display {
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) write(CLEAR);
    isDrawn = false;
  };
  const draw = (): void => {
    const line = `${bar(state)} ${summary(state, clock.now())}`;
    write(`${CLEAR}${line.slice(0, Math.max(1, width - 1))}`);
    isDrawn = true;
    state.writtenAt = clock.now();
  };
  return {
    advance: () => {
      if (!isDrawn || clock.now() - state.writtenAt >= REDRAW_MS) draw();
    },
    line: (text) => {
      clear();
      write(`${text}\n`);
      draw();
    },
    done: clear,
  };
}

function lineProgress(state: State, { write, clock }: ProgressOptions): Display {
  const report = (): void => {
    write(`${summary(state, clock.now())}\n`);
    state.writtenAt = clock.now();
    state.writtenShare = shareOf(state);
  };
  return {
    advance: () => {
      // The small term keeps 0.1 + 0.2 from missing 0.3.
      const isStep = shareOf(state) - state.writtenShare >= LINE_SHARE - 1e-9;
      if (isStep || clock.now() - state.writtenAt >= LINE_MS) report();
    },
    line: (text) => write(`${text}\n`),
    done: () => {
      if (shareOf(state) > state.writtenShare) report();
    },
  };
}

/**
 * Shows how far long work is: on a terminal a bar in place, at most ten times a second; elsewhere a line every 10 % or
 * 30 s, whichever comes first.
 */
export function createProgress(options: ProgressOptions): Progress {
  const now = options.clock.now();
  const state: State = {
    finished: 0,
    total: options.total,
    label: "",
    writtenAt: now,
    writtenShare: 0,
    startedAt: now,
  };
  const output = options.interactive ? terminalProgress(state, options) : lineProgress(state, options);
  let isDone = false;
  const stop = options.repeat(
    () => {
      if (!isDone) output.advance();
    },
    options.interactive ? 1_000 : LINE_MS,
  );
  return {
    advance: (steps, label) => {
      if (isDone) return;
      state.finished += steps;
      if (label !== undefined) state.label = visibleLine(label);
      output.advance();
    },
    resize: (total) => {
      state.total = total;
    },
    line: (text) => {
      if (isDone) options.write(`${text}\n`);
      else output.line(text);
    },
    done: () => {
      if (isDone) return;
      isDone = true;
      stop();
      output.done();
    },
  };
}
