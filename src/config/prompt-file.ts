import { isAbsolute } from "node:path";
import { ProblemsError, type Problem } from "../domain/problem.ts";
import type { PromptFile } from "../domain/project.ts";
import type { PromptSource } from "../domain/prompt.ts";
import { malformedPlaceholders } from "../domain/template.ts";
import { visibleLine } from "../domain/visible.ts";
import { readDocument, type Checked, type Root } from "./document-file.ts";
import { promptSchema } from "./prompt-schema.ts";
import { problemAt, type SourceDocument } from "./source-document.ts";

function placeholderProblems(document: SourceDocument, source: PromptSource): Problem[] {
  return source.template.messages.flatMap(({ content }, index) =>
    malformedPlaceholders(content).map((text) =>
      problemAt(
        document,
        { path: ["messages", index, "content"] },
        `expected {{name}} and nothing else in double braces, got "${visibleLine(text, 60)}"`,
      ),
    ),
  );
}

const UNUSED = {
  testData: "is not used: the cases come from the dataset of the config",
  evaluators: "is not used: checks and judges come from the config and the dataset",
} as const;

function unusedKeys(document: SourceDocument): Problem[] {
  const { value } = document;
  return Object.entries(UNUSED)
    .filter(([key]) => typeof value === "object" && value !== null && Object.hasOwn(value, key))
    .map(([key, message]) =>
      problemAt(document, { path: [key], target: "key", severity: "warning" }, message),
    );
}

/** Reads and checks a prompt file. */
export async function checkPromptFile(root: Root, file: string): Promise<Checked<PromptSource>> {
  const checked = await readDocument(root, file, promptSchema);
  const { value, document } = checked;
  if (value === null || document === null) return checked;
  return {
    value,
    document,
    problems: [...placeholderProblems(document, value), ...unusedKeys(document)],
  };
}

/**
 * The prompt in a file: relative to `root` and inside of it, or absolute and anywhere, as typed on a command line.
 * Throws `ProblemsError` with code `PROMPT_INVALID`.
 */
export async function readPromptFile(root: string, file: string): Promise<PromptFile> {
  const { value, problems } = await checkPromptFile(isAbsolute(file) ? null : root, file);
  if (value === null || problems.some(({ severity }) => severity === "error")) {
    throw new ProblemsError("PROMPT_INVALID", problems);
  }
  return { file, source: value };
}
