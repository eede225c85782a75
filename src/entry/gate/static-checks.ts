import type { Assertion } from "../../domain/case.ts";
import type { CaseEntry, Dataset, PromptProject } from "../../domain/project.ts";
import { runStaticChecks } from "../../evals/checks/index.ts";
import type { ResolvedVersion } from "./resolve-versions.ts";

interface Question {
  readonly prompt: Pick<PromptProject, "assert">;
  readonly dataset: Dataset;
  readonly entries: readonly CaseEntry[];
  readonly candidate: ResolvedVersion;
  readonly baseline: ResolvedVersion | null;
}
