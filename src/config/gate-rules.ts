import type { Problem } from "../domain/problem.ts";
import { visibleLine } from "../domain/visible.ts";
import type { WrittenGate, WrittenPrompt } from "./config-schema.ts";
import { suggestion } from "./known-keys.ts";
import { isMeasure, MEASURES, reservedMetricMessage } from "./metric-names.ts";
import type { PromptPart } from "./project-parts.ts";
import { problemAt, type Path, type SourceDocument } from "./source-document.ts";

/** A prompt whose part of the config is in order. */
export type ReadPart = PromptPart & { readonly written: WrittenPrompt };

const SCORE_FIELDS = ["margin", "min"] as const;
const MEASURE_FIELDS = ["maxIncrease", "max"] as const;

/** Names of all metrics of a prompt; null when a file that may name more could not be read. */
export function metricNames({ written, rubrics, cases }: ReadPart): Set<string> | null {
  const judged = rubrics.map(({ checked }) => checked.value?.name);
  if (cases === null || judged.includes(undefined)) return null;
  const checked = [...written.assert, ...cases.assertionMetrics].map(({ metric }) => metric);
  return new Set([...MEASURES, ...checked, ...judged.filter((name) => name !== undefined)]);
}

function fieldProblems(document: SourceDocument, path: Path, metric: string, gate: WrittenGate): Problem[] {
  const [wrong, right] = isMeasure(metric)
    ? ([SCORE_FIELDS, MEASURE_FIELDS] as const)
    : ([MEASURE_FIELDS, SCORE_FIELDS] as const);
  const noun = isMeasure(metric) ? "a measured quantity" : "a score";
  return wrong
    .filter((field) => gate[field] !== undefined)
    .map((field) =>
      problemAt(
        document,
        { path: [...path, field], target: "key" },
        `${visibleLine(metric, 60)} is ${noun}: expected ${right.join(" or ")}, not ${field}`,
      ),
    );
}

/** A judge's errors can be allowed for only where there is a judge and a margin. */
function adjustmentProblems(
  document: SourceDocument,
  path: Path,
  gate: WrittenGate,
  isJudged: boolean,
): Problem[] {
  if (gate.adjustMargin !== true || (isJudged && gate.margin !== undefined)) return [];
  const message = isJudged
    ? "expected margin beside adjustMargin: it is what shrinks"
    : "expected adjustMargin only where a judge gives the scores";
  return [problemAt(document, { path: [...path, "adjustMargin"], target: "key" }, message)];
}

/** Every gate names a metric that something measures, with the fields of its kind. */
export function gateProblems(document: SourceDocument, part: ReadPart): Problem[] {
  const known = metricNames(part);
  return Object.entries(part.written.gates).flatMap(([metric, gate]) => {
    const path = ["prompts", part.name, "gates", metric];
    if (known !== null && !known.has(metric)) {
      const message = `no check, judge or measurement has this metric${suggestion(metric, [...known])}`;
      return [problemAt(document, { path, target: "key" }, message)];
    }
    const isJudged = part.rubrics.some(({ checked }) => checked.value?.name === metric);
    return [
      ...fieldProblems(document, path, metric, gate),
      ...(known === null ? [] : adjustmentProblems(document, path, gate, isJudged)),
    ];
  });
}

/** One rubric is one metric, and no check counts under it. */
export function metricProblems(document: SourceDocument, part: ReadPart): Problem[] {
  const base = ["prompts", part.name];
  const checked = new Set(
    [...part.written.assert, ...(part.cases?.assertionMetrics ?? [])].map(({ metric }) => metric),
  );
  const seen = new Set<string>();
  const reserved = part.written.assert.flatMap((assertion, index) => {
    const message = reservedMetricMessage(assertion);
    return message === null ? [] : [problemAt(document, { path: [...base, "assert", index] }, message)];
  });
  const judged = part.rubrics.flatMap(({ index, checked: { value } }) => {
    if (value === null) return [];
    const shown = `the metric "${visibleLine(value.name, 60)}"`;
    const message = isMeasure(value.name)
      ? `expected another name than ${value.name} for this rubric: it is a measured quantity`
      : checked.has(value.name)
        ? `a check and this rubric both count under ${shown}: give one of them another name`
        : seen.has(value.name)
          ? `another rubric has ${shown} too: expected one rubric for each metric`
          : null;
    seen.add(value.name);
    return message === null ? [] : [problemAt(document, { path: [...base, "judges", index] }, message)];
  });
  return [...reserved, ...judged];
}
