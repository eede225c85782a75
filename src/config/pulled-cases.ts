import type { Digest } from "../domain/digest.ts";
import type { DatasetReference } from "../domain/platform.ts";
import type { Problem } from "../domain/problem.ts";
import { visibleLine } from "../domain/visible.ts";
import type { WrittenConfig } from "./config-schema.ts";
import { fileProblem } from "./source-document.ts";

/** Cases of a platform as a file of the project, one line each. */
export interface PulledCases {
  /** Relative to the project. */
  readonly file: string;
  /** Of the items, in the order of the lines. */
  readonly ids: readonly string[];
  /** What pins them on the platform; null = nothing does. */
  readonly state: string | null;
}

/** Fetches the cases; `root` is the project's folder. Throws what the platform's `DatasetSource` throws. */
export type PullCases = (
  reference: DatasetReference,
  place: {
    readonly root: string;
    readonly configFile: string;
    readonly config: Pick<WrittenConfig, "registry" | "platforms">;
  },
) => Promise<PulledCases>;

/** `langfuse:support`, safe to print. */
export function datasetTitle({ from, name }: Pick<DatasetReference, "from" | "name">): string {
  return `${from}:${visibleLine(name, 80)}`;
}

/** Problems with lines of a pulled file as problems with items of the platform. */
export function itemProblems(
  title: string,
  ids: readonly string[],
  problems: readonly Problem[],
): readonly Problem[] {
  return problems.map((problem) => {
    const id = ids[problem.line - 1];
    if (id === undefined) return { ...problem, file: title, line: 0, column: 0 };
    const path = problem.path === "" ? "" : `${problem.path}: `;
    const message = `item "${visibleLine(id, 60)}": ${path}${problem.message}`;
    return { ...problem, file: title, line: 0, column: 0, path: "", message };
  });
}

/** What is to be said of a dataset's pins once its cases were read. */
export function pinProblems(
  reference: DatasetReference,
  { state, digest }: { readonly state: string | null; readonly digest: Digest },
): readonly Problem[] {
  const title = datasetTitle(reference);
  if (reference.digest !== undefined && reference.digest !== digest) {
    const message = `the cases are ${digest}, and the config pins ${reference.digest}: somebody changed them; look at the items, then write the digest that they have now`;
    return [fileProblem(title, message)];
  }
  if (reference.digest !== undefined || reference.version !== undefined) return [];
  const version = state === null ? "" : `version: ${JSON.stringify(visibleLine(state, 300))} or `;
  const message = `is not pinned: whoever edits an item there asks the gate another question, and an interrupted run cannot go on; pin it with ${version}digest: ${digest}`;
  return [{ ...fileProblem(title, message), severity: "warning" }];
}
