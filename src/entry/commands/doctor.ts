import type { Finding } from "../../domain/finding.ts";
import { paint } from "../../report/paint.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { examine } from "../doctor/examine.ts";
import type { ExitCode } from "../exit-codes.ts";
import { alignedLines } from "../registry/lines.ts";

const COLORS = { ok: "green", skipped: "cyan", warning: "yellow", problem: "red" } as const;

/** What is wrong in the files is the user's to correct; anything else that fails is infrastructure. */
function exitCodeOf(findings: readonly Finding[]): ExitCode {
  const problems = findings.filter(({ kind }) => kind === "problem");
  if (problems.length === 0) return 0;
  return problems.every(({ subject }) => subject === "config") ? 2 : 4;
}

function lines(findings: readonly Finding[], color: boolean): string[] {
  const rows = findings.map((finding) => {
    const remedy = "remedy" in finding ? `; ${finding.remedy}` : "";
    return [finding.kind, finding.subject, `${finding.message}${remedy}`];
  });
  return alignedLines(rows).map((line, index) => {
    const kind = findings[index]?.kind ?? "ok";
    return `${paint(color, kind, COLORS[kind])}${line.slice(kind.length)}`;
  });
}

/** `doctor`: looks at credentials, registry, models, metrics, store and token permissions; one line each, with the remedy. */
export async function runDoctor(context: CommandContext, options: CommonOptions): Promise<ExitCode> {
  const findings = await examine(context, options);
  const exitCode = exitCodeOf(findings);
  const document = { schema: "promptgate/doctor@1", findings, exitCode };
  context.print(
    options.json ? JSON.stringify(document, null, 2) : lines(findings, context.terminal.color).join("\n"),
  );
  return exitCode;
}
