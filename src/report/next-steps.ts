import type { PromptGateResult } from "../domain/gate-result.ts";
import { visibleLine } from "../domain/visible.ts";
import { count } from "./figures.ts";

/** Something to do next; `command` is to be typed as it stands, null when there is none. */
export interface NextStep {
  readonly text: string;
  readonly command: string | null;
}

function undecidedSteps(prompt: PromptGateResult): NextStep[] {
  const undecided = new Set(
    prompt.metrics
      .filter(({ verdict, level }) => verdict === "inconclusive" && level === "error")
      .map(({ name }) => name),
  );
  const cases = prompt.plan?.cases ?? prompt.cases.total;
  const short = (prompt.plan?.metrics ?? []).filter(
    ({ name, requiredCases }) =>
      undecided.has(name) && Number.isFinite(requiredCases) && requiredCases > cases,
  );
  return short.map(({ name, requiredCases }) => ({
    text: `About ${count(requiredCases)} cases would decide ${visibleLine(name, 64)}; there are ${count(cases)}. Add cases to the dataset, or accept a larger margin.`,
    command: null,
  }));
}

/** What the reader can do now, the most useful first. */
export function nextSteps(prompt: PromptGateResult): NextStep[] {
  const name = visibleLine(prompt.name, 128);
  const again = `promptgate gate ${name}`;
  const source = visibleLine(prompt.candidate.source, 200);
  switch (prompt.verdict) {
    case "pass":
      return [{ text: "Store this version in the registry.", command: `promptgate publish ${name}` }];
    case "fail":
      return [{ text: `Read what got worse, change ${source}, and run the gate again.`, command: again }];
    case "inconclusive":
      if (prompt.baseline === null) {
        return [
          {
            text: "Nothing is in production yet, so there is nothing to compare with. To make this the first version:",
            command: `promptgate publish ${name} --label production`,
          },
        ];
      }
      return [
        ...undecidedSteps(prompt),
        {
          text: "Not decided is not a pass. When the cause above is dealt with, run the gate again.",
          command: again,
        },
      ];
  }
}

/** The command that makes the HTML page of a run, or null when nothing was stored. */
export function reportCommand({ runDir }: PromptGateResult): string | null {
  return runDir === null ? null : `promptgate report ${visibleLine(runDir, 240)} -o report.html`;
}
