import { setTimeout as wait } from "node:timers/promises";
import type { CommandContext } from "../context.ts";
import { faultOf } from "../promotion/rollback-steps.ts";

const SECOND_MS = 1000;
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
const CLEAR_ALL = "\u001b[2J";

/** Ends early, without an error, when the user wants no more. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}

export interface WatchOptions {
  /** Reads everything and draws the screen; how old what was read is, in reads of `every` ms. */
  readonly draw: () => Promise<string>;
  /** Milliseconds between two readings. */
  readonly every: number;
  readonly pause?: typeof pause;
}

function fitted(screen: string, height: number | undefined): string[] {
  const lines = screen.split("\n");
  return height === undefined || lines.length < height ? lines : lines.slice(0, Math.max(1, height - 1));
}

/**
 * Draws a screen again and again until Ctrl-C. Lines are written over each other and only when something changed, so that
 * nothing flickers; elsewhere than on a terminal every change is printed below the last one. A reading that fails is shown
 * below the last screen, and tried again.
 */
export async function watchScreen(
  { print, signal, terminal }: Pick<CommandContext, "print" | "signal" | "terminal">,
  options: WatchOptions,
): Promise<void> {
  const rest = options.pause ?? pause;
  let shown: string | null = null;
  let last = "";
  while (!signal.aborted) {
    let screen: string;
    try {
      last = await options.draw();
      screen = last;
    } catch (error) {
      if (last === "") throw error;
      screen = `${last}\nnot read again: ${faultOf(error)}`;
    }
    if (screen !== shown) {
      const first = shown === null ? CLEAR_ALL : "";
      const lines = fitted(screen, terminal.height);
      print(
        terminal.interactive
          ? `${first}${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join("\n")}${CLEAR_BELOW}`
          : screen,
      );
      shown = screen;
    }
    await rest(options.every, signal);
  }
}

/** A branch of a remote repository is not fetched every second. */
export function readingInterval(kinds: readonly string[]): number {
  return kinds.every((kind) => kind === "file") ? SECOND_MS : 15 * SECOND_MS;
}
