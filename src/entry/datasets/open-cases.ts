import { openDataset } from "../../config/dataset.ts";
import { GateError } from "../../domain/errors.ts";
import type { Dataset, PromptProject } from "../../domain/project.ts";
import { caseAssertionSchema } from "../../evals/checks/index.ts";

/** The cases of a prompt, to be closed; throws `DATASET_INVALID` also where a command did not pull them. */
export async function openCases(
  root: string,
  { name, dataset }: Pick<PromptProject, "name" | "dataset">,
): Promise<Dataset> {
  if (dataset !== null) return openDataset(root, dataset, caseAssertionSchema);
  throw new GateError("DATASET_INVALID", `the cases of ${name} are on a platform and were not pulled`, {
    hint: "promptgate plan pulls and checks them",
  });
}
