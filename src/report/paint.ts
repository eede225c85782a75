import type { VerdictKind } from "../domain/scores.ts";

/** What a report knows of the place it is read in. */
export interface ConsoleOptions {
  readonly color: boolean;
  /** Columns, at least 40 are used. */
  readonly width: number;
}

const codes = {
  bold: "1",
  inverse: "7",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
} as const;

type Style = keyof typeof codes;

/** Wraps text in ANSI styles, or leaves it alone when colour is off. */
export function paint(color: boolean, text: string, ...styles: readonly Style[]): string {
  if (!color || text === "") return text;
  return `\u001b[${styles.map((style) => codes[style]).join(";")}m${text}\u001b[0m`;
}

export const verdictStyle = { pass: "green", fail: "red", inconclusive: "yellow" } as const satisfies Record<
  VerdictKind,
  Style
>;
