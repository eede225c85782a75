import { jsonDigest } from "../../domain/digest.ts";
import { visibleLine } from "../../domain/visible.ts";
import {
  childOf,
  isCode,
  isFields,
  readText,
  referencedFile,
  type Fields,
  type ImportSource,
  type Located,
} from "./located.ts";
import { openaiModelOf } from "./providers.ts";
import { fillNames, templateLogic } from "./templates.ts";

/** A judgement by a model that promptfoo asks for, as a rubric could ask for it. */
export interface Criterion {
  /** Equal for criteria that are one rubric. */
  readonly key: string;
  readonly metric: string | null;
  readonly type: string;
  readonly questions: readonly string[];
  readonly scale: Fields;
  readonly threshold: number;
  /** The grader's OpenAI model; null = promptfoo's default. */
  readonly grader: string | null;
  /** The reference of a case, for judges that compare with one. */
  readonly reference: string | null;
}

const JUDGED = /^(?:not-)?(?:llm-rubric|model-graded-closedqa|g-eval|factuality|model-graded-factuality)$/;

/** True for the types whose question can be put to a judge here. */
export function isJudged(type: string): boolean {
  return JUDGED.test(type);
}

const FACTUALITY = [
  ["subset", "subset"],
  ["superset", "superset"],
  ["agree", "agree"],
  ["disagree", "disagree"],
  ["differ-but-factual", "differButFactual"],
] as const;

const FACTUALITY_QUESTION =
  "Compare the facts of the answer with those of the expected answer. " +
  "subset: it states some of them and nothing that conflicts. superset: it states all of them and more, without a conflict. " +
  "agree: it states the same facts. disagree: it conflicts with them. differ-but-factual: it differs in ways that do not matter for the facts.";

function factualityScale(options: Fields): Fields {
  const weights = isFields(options["factuality"]) ? options["factuality"] : {};
  const choices = FACTUALITY.map(([label, key]) => {
    const weight = weights[key];
    return [label, typeof weight === "number" ? weight : label === "disagree" ? 0 : 1] as const;
  });
  return { kind: "choices", choices: Object.fromEntries(choices) };
}

/** The grader's id: of the assertion, else of the test's options; undefined = none is named. */
function graderOf(fields: Fields, options: Fields): unknown {
  const provider = fields["provider"] ?? options["provider"];
  if (!isFields(provider)) return provider;
  const text = provider["text"] ?? provider;
  return isFields(text) ? text["id"] : text;
}

/** The texts of a criterion; null, with a note, when they cannot be carried. */
async function textsOf(source: ImportSource, place: Located): Promise<string[] | null> {
  const valuePlace = childOf(place, "value");
  const values = Array.isArray(valuePlace.value)
    ? (valuePlace.value as readonly unknown[])
    : [valuePlace.value];
  const texts: string[] = [];
  for (const value of values) {
    const file = referencedFile(value);
    const text = file === null ? value : isCode(file) ? null : await readText(source, valuePlace, file);
    if (typeof text !== "string" || text.trim() === "") {
      source.notes.lost(place, "expected the criterion as text");
      return null;
    }
    texts.push(text.trim());
  }
  return texts;
}

interface Asked {
  readonly type: string;
  readonly texts: readonly string[];
  readonly threshold: number | undefined;
  readonly options: Fields;
}

/** Scale, questions and pass mark of a type. */
function shapeOf({
  type,
  texts,
  threshold,
  options,
}: Asked): Pick<Criterion, "scale" | "questions" | "threshold" | "reference"> {
  const plain = type.replace(/^not-/, "");
  if (plain.endsWith("factuality")) {
    return {
      scale: factualityScale(options),
      questions: [FACTUALITY_QUESTION],
      threshold: 1,
      reference: texts[0] ?? null,
    };
  }
  if (plain === "g-eval") {
    return {
      scale: { kind: "likert", min: 0, max: 10 },
      questions: texts,
      threshold: threshold ?? 0.7,
      reference: null,
    };
  }
  if (threshold !== undefined && plain === "llm-rubric") {
    return { scale: { kind: "likert", min: 0, max: 10 }, questions: texts, threshold, reference: null };
  }
  const choices = type.startsWith("not-") ? { no: 1, yes: 0 } : { yes: 1, no: 0 };
  return { scale: { kind: "choices", choices }, questions: texts, threshold: 1, reference: null };
}

/** The model that judges; undefined, with a note, when it cannot be carried. */
function graderModel(
  source: ImportSource,
  place: Located,
  fields: Fields,
  options: Fields,
): string | null | undefined {
  const id = graderOf(fields, options);
  if (id === undefined || id === null) return null;
  const found = typeof id === "string" ? openaiModelOf(id) : { reason: "it has no id that is text" };
  if ("model" in found && !/[{}]/.test(found.model)) return found.model;
  const reason = "reason" in found ? found.reason : "its model is a template";
  source.notes.lost(place, `the grader ${visibleLine(typeof id === "string" ? id : "", 80)}: ${reason}`);
  return undefined;
}

/** The criterion of a model-graded assertion; null, with a note, when it cannot be carried. */
export async function criterionOf(
  source: ImportSource,
  place: Located,
  assertion: { readonly fields: Fields; readonly options: unknown },
): Promise<Criterion | null> {
  const { fields } = assertion;
  const options = isFields(assertion.options) ? assertion.options : {};
  const { type, threshold, metric } = fields as { type: string; threshold?: unknown; metric?: unknown };
  if (
    /^not-(?!llm-rubric|model-graded-closedqa)/.test(type) ||
    (type === "not-llm-rubric" && threshold !== undefined)
  ) {
    source.notes.lost(place, `a judge here has no counterpart of ${type}`);
    return null;
  }
  const grader = graderModel(source, place, fields, options);
  const texts = grader === undefined ? null : await textsOf(source, place);
  if (grader === undefined || texts === null) return null;
  const logic = texts.map(templateLogic).find((found) => found !== null);
  if (logic !== undefined && logic !== null) {
    source.notes.lost(place, `${visibleLine(logic, 60)} in the criterion is template logic`);
    return null;
  }
  if (fields["rubricPrompt"] !== undefined || options["rubricPrompt"] !== undefined) {
    source.notes.lost(place, "rubricPrompt is not carried: a judge here has instructions of its own");
  }
  if ((fields["weight"] ?? 1) !== 1)
    source.notes.changed(place, "weight is left out: a rubric is a metric of its own");
  const mark = typeof threshold === "number" && threshold >= 0 && threshold <= 1 ? threshold : undefined;
  const shape = shapeOf({ type, texts, threshold: mark, options });
  const isFilled = texts.some((text) => fillNames(text, () => "") !== text) && shape.reference === null;
  if (isFilled)
    source.notes.changed(
      place,
      "{{name}} in the criterion becomes: the variable name; the judge sees all variables",
    );
  const questions = shape.questions.map((text) => fillNames(text, (name) => `(the variable ${name})`));
  const { scale } = shape;
  const name =
    typeof metric === "string" && templateLogic(metric) === null && metric.trim() !== ""
      ? metric.trim()
      : null;
  return {
    ...shape,
    questions,
    key: jsonDigest({ questions, scale, threshold: shape.threshold, grader, name }),
    metric: name,
    type: type.replace(/^not-/, ""),
    grader,
  };
}
