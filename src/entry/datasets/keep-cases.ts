import { constants } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Project, PromptProject } from "../../domain/project.ts";
import { storageError, systemCode } from "../../files/storage.ts";

/** Puts pulled cases beside what a run shows of them: the platform may not have them any more when somebody looks. */
export async function keepCases(
  { project, prompt }: { readonly project: Pick<Project, "root">; readonly prompt: PromptProject },
  runFolder: string,
): Promise<void> {
  if (prompt.pulledFrom === null || prompt.dataset === null) return;
  const target = join(runFolder, "cases.jsonl");
  try {
    // The run is named by the digest of its cases: those of an earlier start are the same.
    await copyFile(join(project.root, prompt.dataset), target, constants.COPYFILE_EXCL);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw storageError("write", target, error);
  }
}
