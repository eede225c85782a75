import { basename, resolve } from "node:path";
import { readScoreFile } from "../../config/score-file.ts";
import { GateError } from "../../domain/errors.ts";
import type { Comparison } from "../../domain/scores.ts";
import { visibleLine } from "../../domain/visible.ts";
import { compareScores, type CompareOptions } from "../../gate/compare-scores.ts";
import { hang, wrap } from "../../report/layout.ts";
import { renderMetricTable } from "../../report/metric-table.ts";
import { paint, verdictStyle } from "../../report/paint.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { verdictExitCodes, type ExitCode } from "../exit-codes.ts";

export interface CompareCommandOptions extends CommonOptions {
  /** Score files, relative to the working directory. */
  readonly baseline: string;
  readonly candidate: string;
  /** `0.05` for all metrics, `accuracy=0.05` for one. */
  readonly margin: readonly string[];
  readonly alphaMiss: number;
  readonly alphaBlock: number;
  readonly sequential: boolean;
  readonly seed?: number;
}

function parseMargin(text: string): { readonly name: string | null; readonly value: number } {
  const split = text.lastIndexOf("=");
  const number = text.slice(split + 1).trim();
  const value = Number(number);
  if (number === "" || !(value > 0 && value < 1)) {
    throw new GateError("USAGE", `--margin ${visibleLine(text, 80)}: expected a number between 0 and 1`, {
      hint: "--margin 0.05 for all metrics, --margin accuracy=0.05 for one",
    });
  }
  return { name: split < 0 ? null : text.slice(0, split).trim(), value };
}

/** The margins given, or nothing; a margin for all is what metrics without one of their own have. */
function parseMargins(texts: readonly string[]): {
  readonly all: number | null;
  readonly named: Readonly<Record<string, number>>;
} {
  const margins = texts.map(parseMargin);
  const all = margins.filter(({ name }) => name === null).at(-1)?.value ?? null;
  const named = margins.flatMap(({ name, value }) => (name === null ? [] : [[name, value] as const]));
  return { all, named: Object.fromEntries(named) };
}

/** A margin for every score of the files, because one for all and one of its own may be mixed. */
function marginOption(texts: readonly string[], names: ReadonlySet<string>): CompareOptions {
  const { all, named } = parseMargins(texts);
  if (all === null) return texts.length === 0 ? {} : { margin: named };
  const each = [...names].map((name) => [name, all] as const);
  return { margin: { ...Object.fromEntries(each), ...named } };
}

function renderComparison(
  comparison: Comparison,
  sides: { readonly baseline: string; readonly candidate: string },
  terminal: CommandContext["terminal"],
): string {
  const { verdict, headline, reasons, warnings, metrics, seed } = comparison;
  const { color, width } = terminal;
  const [first] = metrics;
  const rates =
    first === undefined
      ? ""
      : `Chance to pass a worse candidate ${first.alphaMiss}, to fail an equal one ${first.alphaBlock}; seed ${seed}.`;
  const files = `${visibleLine(basename(sides.candidate), 80)} against ${visibleLine(basename(sides.baseline), 80)}`;
  const lines = [
    `${paint(color, ` ${verdict} `, "bold", "inverse", verdictStyle[verdict])} ${paint(color, files, "bold")}`,
    ...wrap(headline, width),
    ...warnings.flatMap((line) => hang("warning: ", line, width)).map((line) => paint(color, line, "yellow")),
    "",
    ...renderMetricTable(metrics, { color, width }),
    "",
    ...reasons.flatMap((reason) => hang("- ", reason, width)),
    ...wrap(rates, width).map((line) => paint(color, line, "dim")),
  ];
  return `${lines.join("\n")}\n`;
}

/** `compare`: judges two score files as `gate` would, and prints the verdict. */
export async function runCompare(context: CommandContext, options: CompareCommandOptions): Promise<ExitCode> {
  const read = (file: string) => readScoreFile(resolve(context.cwd, file), file);
  const [baseline, candidate] = [await read(options.baseline), await read(options.candidate)];
  const names = new Set([...baseline, ...candidate].flatMap(({ scores }) => Object.keys(scores)));
  const comparison = compareScores(baseline, candidate, {
    ...marginOption(options.margin, names),
    alphaMiss: options.alphaMiss,
    alphaBlock: options.alphaBlock,
    sequential: options.sequential,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  context.print(
    options.json
      ? `${JSON.stringify(comparison, null, 2)}\n`
      : renderComparison(comparison, options, context.terminal),
  );
  return verdictExitCodes[comparison.verdict];
}
