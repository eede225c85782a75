import { GateError } from "../domain/errors.ts";
import type { Project } from "../domain/project.ts";
import { needsTokenProbabilities } from "../domain/rubric.ts";
import { visibleLine } from "../domain/visible.ts";
import { givesTokenProbabilities } from "../models/index.ts";
import { modelSettingsOf } from "./gate/resolve-versions.ts";

/** Throws `CONFIG_INVALID` for a rubric that needs token probabilities of a provider that has none. */
export function checkJudges(project: Project): void {
  for (const rubric of project.prompts.flatMap(({ judges }) => judges)) {
    if (!needsTokenProbabilities(rubric)) continue;
    const { provider } = modelSettingsOf(project, rubric);
    if (givesTokenProbabilities(provider)) continue;
    const name = visibleLine(rubric.name, 60);
    throw new GateError(
      "CONFIG_INVALID",
      `rubric ${name} has expected: true, but provider ${visibleLine(provider, 40)} gives no token probabilities`,
      { hint: "name a model of another provider, or leave out expected" },
    );
  }
}
