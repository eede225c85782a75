import type { Problem } from "../domain/problem.ts";
import type { WrittenConfig } from "./config-schema.ts";
import { evidenceProblems } from "./evidence-schema.ts";
import { gateProblems, metricProblems, type ReadPart } from "./gate-rules.ts";
import { aliasWarnings, modelProblems, priceWarnings, selfGradingProblems } from "./model-rules.ts";
import { metricsProblems } from "./metrics-rules.ts";
import { policyProblems } from "./policies.ts";
import type { PromptPart } from "./project-parts.ts";
import { rolloutProblems } from "./rollout-rules.ts";
import { waiverProblems, type WaiverDates } from "./waiver-rules.ts";
import { problemAt, type SourceDocument } from "./source-document.ts";

/** The registry knows a prompt by the name in its file, the command line by its key. */
function nameProblems({ name, prompt }: PromptPart): Problem[] {
  if (prompt === null || prompt.value === null || prompt.document === null || prompt.value.name === name)
    return [];
  return [problemAt(prompt.document, { path: ["name"] }, `expected ${name}, its key in the config`)];
}

/** True when the prompt's part of the config is in order. */
export function isRead(part: PromptPart): part is ReadPart {
  return part.written !== null;
}

/** All rules that look at more than one place; the config and the files they need are in order. */
export function projectProblems(
  document: SourceDocument,
  config: WrittenConfig,
  parts: readonly PromptPart[],
  dates: WaiverDates,
): Problem[] {
  return [
    ...policyProblems(document, config),
    ...evidenceProblems(document, config),
    ...aliasWarnings(document, config),
    ...rolloutProblems(document, config),
    ...metricsProblems(document, config),
    ...waiverProblems(document, config, parts.filter(isRead), dates),
    ...parts
      .filter(isRead)
      .flatMap((part) => [
        ...nameProblems(part),
        ...modelProblems(config.models, part),
        ...selfGradingProblems(config.models, part),
        ...metricProblems(document, part),
        ...gateProblems(document, part),
        ...priceWarnings(document, config, part),
      ]),
  ];
}
