import { code, prose } from "../../report/markdown-text.ts";
import { renderMarkdown } from "../../report/markdown.ts";
import { fit, type Section } from "../../report/shed.ts";
import type { ActionReport } from "./action-report.ts";
import type { ActionVerdict } from "./outputs.ts";

const alerts: Readonly<Record<ActionVerdict, readonly [kind: string, word: string]>> = {
  pass: ["TIP", "PASS"],
  fail: ["CAUTION", "FAIL"],
  inconclusive: ["WARNING", "NOT DECIDED"],
  neutral: ["NOTE", "NEUTRAL, WHICH IS NO PASS"],
  error: ["CAUTION", "ERROR"],
};
const NOTES = 6_000;

function alert(verdict: ActionVerdict, headline: string): string {
  const [kind, word] = alerts[verdict];
  return `> [!${kind}]\n> **${word}:** ${prose(headline, 600)}`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${prose(line, 600)}`).join("\n");
}

function noteSections({ notes, need, signOff }: ActionReport): Section[] {
  const warnings = notes.filter(({ level }) => level === "warn").map(({ text }) => text);
  const rest = notes.filter(({ level }) => level === "info").map(({ text }) => text);
  const state =
    signOff.kind === "given"
      ? [`Signed off by ${signOff.by.join(", ")}.`]
      : signOff.kind === "waiting"
        ? signOff.missing
        : [];
  const asked = need.required === 0 ? [] : [...need.reasons, ...state];
  return [
    ...(asked.length === 0
      ? []
      : [{ name: "the sign-off", text: `### Sign-off\n\n${list(asked)}`, keep: "core" as const }]),
    ...(warnings.length === 0
      ? []
      : [{ name: "warnings", text: `### Look at this\n\n${list(warnings)}`, keep: "core" as const }]),
    ...(rest.length === 0
      ? []
      : [
          {
            name: "what changed",
            text: `<details>\n<summary>What changed</summary>\n\n${list(rest)}\n\n</details>`,
            keep: "detail" as const,
          },
        ]),
  ];
}

/**
 * The run as GitHub's Markdown in at most so many characters, 20,000 or more: the verdict first, then what people have to look at, then
 * the result. Nothing that a prompt, a model or a file name says works as markup in it.
 */
export function renderReport(report: ActionReport, maxCharacters: number): string {
  const { verdict, headline, result } = report;
  const notes = fit(noteSections(report), NOTES, "").trim();
  const top = headline === null ? "" : alert(verdict, headline);
  const room = maxCharacters - notes.length - top.length - 8;
  const body = result.prompts.length === 0 ? "" : renderMarkdown(result, { maxCharacters: room }).trim();
  if (top !== "") return `${[top, notes, body].filter((part) => part !== "").join("\n\n")}\n`;
  // The result begins with its own verdict; what to look at comes right after it.
  const end = body.indexOf("\n\n");
  const parts = end < 0 ? [body, notes] : [body.slice(0, end), notes, body.slice(end + 2)];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** An error as the comment and the summary have it. */
export function renderError(error: {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}): string {
  const hint = error.hint === undefined ? "" : `\n>\n> ${prose(error.hint, 600)}`;
  const [first = "", ...rest] = error.message.split("\n");
  const more =
    rest.length === 0
      ? ""
      : `\n\n${rest
          .slice(0, 20)
          .map((line) => `- ${prose(line.trim(), 240)}`)
          .join("\n")}`;
  return `> [!CAUTION]\n> **ERROR ${code(error.code)}:** ${prose(first, 600)}${hint}${more}\n`;
}
