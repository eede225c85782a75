import { join, relative, sep } from "node:path";
import { checkPromptFile } from "../../config/prompt-file.ts";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { ProblemsError } from "../../domain/problem.ts";
import type { Project } from "../../domain/project.ts";
import type { Annotation, AnnotationLevel } from "../../github/workflow-commands.ts";
import type { ActionReport } from "./action-report.ts";

/** A file as GitHub names it: relative to the workspace, with `/`. */
function inWorkspace(workspace: string, root: string, file: string): string {
  return relative(workspace, join(root, file)).split(sep).join("/");
}

/** Where the prompt's text begins. */
async function promptLine(root: string, file: string): Promise<number> {
  const { document } = await checkPromptFile(root, file);
  return document?.locate(["messages", 0, "content"], "value").line ?? 1;
}

const levels = { fail: "error", inconclusive: "warning", pass: "notice" } as const satisfies Record<
  PromptGateResult["verdict"],
  AnnotationLevel
>;
const titles = {
  fail: "promptgate: fail",
  inconclusive: "promptgate: not decided",
  pass: "promptgate",
} as const;

function messageOf({ headline, reasons, warnings, verdict }: PromptGateResult): string {
  const details = verdict === "pass" ? warnings : reasons;
  return [headline, ...details.slice(0, 5)].join("\n");
}

/** What is said beside the lines of the prompts; a prompt that passed has something to say only with a warning. */
export async function reportAnnotations(
  report: ActionReport,
  head: Project,
  workspace: string,
): Promise<Annotation[]> {
  const annotations: Annotation[] = [];
  for (const result of report.result.prompts) {
    const prompt = head.prompts.find(({ name }) => name === result.name);
    if (prompt === undefined || (result.verdict === "pass" && result.warnings.length === 0)) continue;
    annotations.push({
      level: levels[result.verdict],
      title: titles[result.verdict],
      message: messageOf(result),
      file: inWorkspace(workspace, head.root, prompt.file),
      line: await promptLine(head.root, prompt.file),
    });
  }
  const whole = report.notes.filter(({ level }) => level === "warn").map(({ text }) => text);
  const said = report.headline === null || report.verdict === "pass" ? whole : [report.headline, ...whole];
  return [
    ...annotations,
    ...said.map((message): Annotation => ({
      level: "warning",
      title: "promptgate",
      message,
      file: null,
      line: null,
    })),
  ];
}

/** An error beside the lines that it names; any other one beside no line. */
export function errorAnnotations(
  error: { readonly code: string; readonly message: string; readonly hint?: string | undefined },
  root: string,
  workspace: string,
): Annotation[] {
  const title = `promptgate: error ${error.code}`;
  if (error instanceof ProblemsError) {
    return error.problems
      .filter(({ severity }) => severity === "error")
      .map(({ file, line, path, message }) => ({
        level: "error",
        title,
        message: path === "" ? message : `${path}: ${message}`,
        file: inWorkspace(workspace, root, file),
        line,
      }));
  }
  const message = error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
  return [{ level: "error", title, message, file: null, line: null }];
}
