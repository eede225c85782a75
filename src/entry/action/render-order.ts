import { cellCode, code, prose } from "../../report/markdown-text.ts";
import type { OrderResult } from "./order-job.ts";
import type { ActionVerdict } from "./outputs.ts";

const alerts: Readonly<Record<ActionVerdict, readonly [kind: string, word: string]>> = {
  pass: ["TIP", "DONE"],
  fail: ["CAUTION", "FAIL"],
  inconclusive: ["WARNING", "NOT DECIDED"],
  neutral: ["NOTE", "WAITING"],
  error: ["CAUTION", "ERROR"],
};
const ROWS = 200;

/** What a command that moves labels or traffic did, for the job's summary. Text of others is inert in it. */
export function renderOrder(command: string, result: OrderResult): string {
  const { verdict, headline, rows, notes, warnings } = result;
  const [kind, word] = alerts[verdict];
  const table = rows.slice(0, ROWS).map(([name, state, text]) => {
    return `| ${cellCode(name)} | ${cellCode(state)} | ${cellCode(text, 400)} |`;
  });
  const hidden = rows.length - table.length;
  const lines = [...notes, ...warnings].slice(0, ROWS).map((line) => `- ${prose(line, 400)}`);
  return [
    `> [!${kind}]\n> **${word}** ${code(command)}: ${prose(headline, 600)}`,
    ...(table.length === 0 ? [] : [["| | | |", "|---|---|---|", ...table].join("\n")]),
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
    ...(lines.length === 0 ? [] : [lines.join("\n")]),
  ].join("\n\n");
}
