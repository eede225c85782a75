import type { PromptGateResult } from "../domain/gate-result.ts";
import { visibleLine } from "../domain/visible.ts";
import { count } from "./figures.ts";
import { isUnderDeclared } from "./words.ts";

/** One argument of a command, quoted where a shell would read more into it than letters. */
function shellWord(text: string): string {
  const line = visibleLine(text, 240);
  return /^[A-Za-z0-9._/][A-Za-z0-9._/@-]*$/.test(line) ? line : `'${line.replaceAll("'", "'\\''")}'`;
}

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

/** Moving a label asks for the evidence that the run left beside its result. */
function promotionSteps({ candidate, runDir }: PromptGateResult, name: string): NextStep[] {
  const evidence = runDir === null ? "" : `, by the evidence in ${visibleLine(runDir, 200)}/evidence.json`;
  const version = visibleLine(candidate.version, 40);
  return [
    { text: `Move staging to it${evidence}:`, command: `promptgate promote ${name}@${version} --to staging` },
  ];
}

function passedSteps(prompt: PromptGateResult, name: string): NextStep[] {
  const { baseline, candidate } = prompt;
  if (candidate.source.startsWith("registry ")) return promotionSteps(prompt, name);
  return baseline === null
    ? [
        {
          text: "Make it the first version in production:",
          command: `promptgate publish ${name} --label production`,
        },
      ]
    : [
        { text: "Store this version in the registry:", command: `promptgate publish ${name}` },
        ...promotionSteps(prompt, name),
      ];
}

function failedSteps(prompt: PromptGateResult, again: string): NextStep[] {
  const source = visibleLine(prompt.candidate.source, 200);
  if (isUnderDeclared(prompt)) {
    const step = prompt.tier.required ?? "higher";
    const text = `Give the change a ${step} version number in ${source}, or take back what is named above. Then:`;
    return [{ text, command: again }];
  }
  const cause = prompt.regressions.length > 0 ? "Look at what got worse" : "Look at the reasons above";
  return [{ text: `${cause}, correct ${source}, and run the gate again:`, command: again }];
}

/** What the reader can do now, the most useful first. */
export function nextSteps(prompt: PromptGateResult): NextStep[] {
  const name = shellWord(prompt.name);
  const again = `promptgate gate ${name}`;
  switch (prompt.verdict) {
    case "pass":
      return passedSteps(prompt, name);
    case "fail":
      return failedSteps(prompt, again);
    case "inconclusive":
      return [
        ...undecidedSteps(prompt),
        prompt.baseline === null
          ? {
              text: "To make this the first version in production without a comparison:",
              command: `promptgate publish ${name} --label production`,
            }
          : {
              text: "Not decided is not a pass. Deal with the cause above and run the gate again:",
              command: again,
            },
      ];
  }
}

/** The command that makes the HTML page of a run, or null when nothing was stored. */
export function reportCommand({ runDir }: PromptGateResult): string | null {
  return runDir === null ? null : `promptgate report ${shellWord(runDir)} -o report.html`;
}
