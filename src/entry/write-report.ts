import { realpath, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { GateError } from "../domain/errors.ts";
import type { GateResult } from "../domain/gate-result.ts";
import { visibleLine } from "../domain/visible.ts";
import { replaceFile } from "../files/replace-file.ts";
import { renderHtml } from "../report/html.ts";
import { renderJson } from "../report/json.ts";
import { renderJunit } from "../report/junit.ts";
import { renderMarkdown } from "../report/markdown.ts";

const renderers = {
  ".json": renderJson,
  ".md": renderMarkdown,
  ".html": renderHtml,
  ".junit.xml": renderJunit,
  ".xml": renderJunit,
} as const satisfies Record<string, (result: GateResult) => string>;

type Suffix = keyof typeof renderers;

function suffixOf(file: string): Suffix | undefined {
  return (Object.keys(renderers) as Suffix[]).find((suffix) => basename(file).toLowerCase().endsWith(suffix));
}

/** Throws `USAGE` when the name of some file says no format. To be asked before anything is run or paid for. */
export function checkReportFiles(files: readonly string[]): void {
  for (const file of files) {
    if (suffixOf(file) !== undefined) continue;
    throw new GateError("USAGE", `cannot tell the report's format from the name "${visibleLine(file)}"`, {
      hint: "end it in .json, .md, .html or .junit.xml",
    });
  }
}

/** Where the text goes: a link that the user made is followed, a folder is refused. */
async function targetOf(path: string): Promise<string> {
  const target = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (target === null) return path;
  if ((await stat(target)).isDirectory()) throw new Error("it is a folder");
  return target;
}

/**
 * Renders the result into each file, in the format that its suffix names; relative names count from `directory`, missing
 * folders are made. `USAGE` before anything is written when a suffix is unknown, `STORAGE_FAILED` when the disk refuses.
 */
export async function writeReports(
  result: GateResult,
  files: readonly string[],
  directory: string,
): Promise<void> {
  checkReportFiles(files);
  for (const file of files) {
    const suffix = suffixOf(file);
    if (suffix === undefined) continue;
    try {
      await replaceFile(await targetOf(resolve(directory, file)), renderers[suffix](result));
    } catch (error) {
      const cause =
        error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
      throw new GateError("STORAGE_FAILED", `cannot write the report ${visibleLine(file)} (${cause})`, {
        hint: "check that the place exists, may be written to and has room",
        cause: error,
      });
    }
  }
}
