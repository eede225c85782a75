import { parseSource } from "../../config/document-file.ts";
import { visibleLine } from "../../domain/visible.ts";
import { caseAssertionSchema } from "../../evals/checks/index.ts";
import { criterionOf, isJudged, type Criterion } from "./criteria.ts";
import {
  childOf,
  isFields,
  itemsOf,
  readText,
  referencedFile,
  type Fields,
  type ImportSource,
  type Located,
} from "./located.ts";
import type { RawTest } from "./tests.ts";
import { templateLogic } from "./templates.ts";

/** What the assertions of one test became. */
export interface TranslatedAssertions {
  /** As a case's `assert` has them, each known to be in order. */
  readonly checks: readonly { readonly place: Located; readonly assertion: Fields }[];
  readonly criteria: readonly { readonly place: Located; readonly criterion: Criterion }[];
}

const SCHEMA_TYPES = ["is-json", "contains-json"];
const MEASURES = ["latency", "cost", "tokens"];
/** Checks here that have a threshold; promptfoo ignores one at any other of its deterministic types. */
const THRESHOLD_TYPES = ["levenshtein", "rouge-n", "latency", "cost"];
const KNOWN_KEYS = [
  "type",
  "value",
  "threshold",
  "weight",
  "metric",
  "transform",
  "provider",
  "rubricPrompt",
];

/** Why a type cannot be carried, for those that promptfoo has and this project has not. */
const REASONS: readonly (readonly [types: RegExp, reason: string])[] = [
  [/^(?:javascript|python|ruby)$/, "runs code; checks and judges here run none"],
  [/^webhook$/, "sends the output elsewhere"],
  [/^similar/, "needs an embedding model; levenshtein and rouge-n compare texts, a rubric compares meaning"],
  [/^(?:classifier|moderation|guardrails|pi)$/, "needs a service of its own; a rubric can ask for the same"],
  [
    /^(?:answer-relevance|context-|conversation-relevance)/,
    "is computed in a way of its own; a rubric can ask for the same",
  ],
  [/^(?:is|contains)-(?:sql|xml|html)$/, "has no counterpart; a regex may do"],
  [/^is-valid-/, "has no counterpart; tool-call with a schema of the arguments may do"],
  [/^(?:select-best|max-score|human)$/, "compares the outputs of several prompts; here a gate does"],
  [/^(?:trajectory|trace|skill|tool-call-f1)/, "looks at traces, which are not recorded here"],
];

function reasonFor(type: string): string {
  const plain = type.replace(/^not-/, "");
  const found = REASONS.find(([types]) => types.test(plain));
  return found?.[1] ?? "is no check of this tool";
}

/** The value of an assertion with its file read and its schema parsed; undefined, with a note, when it cannot be. */
async function valueOf(
  source: ImportSource,
  place: Located,
  type: string,
): Promise<{ value: unknown } | null> {
  const valuePlace = childOf(place, "value");
  const { value } = valuePlace;
  const file = referencedFile(value);
  const text = file === null ? null : await readText(source, valuePlace, file);
  if (file !== null && text === null) {
    source.notes.lost(place, `${type} has its value in a file that cannot be used`);
    return null;
  }
  const written = text === null ? value : text.trim();
  const isSchema = SCHEMA_TYPES.includes(type.replace(/^not-/, ""));
  const isData = file !== null && /\.(?:json|ya?ml)$/i.test(file);
  if (typeof written === "string" && written.trim() !== "" && (isSchema || isData)) {
    const parsed = parseSource(file ?? "value.yaml", written);
    if (parsed.kind === "parsed") return { value: parsed.document.value };
    source.notes.lost(place, `the value of ${type} is no YAML or JSON`);
    return null;
  }
  if (type.endsWith("word-count") && typeof written === "string" && /^\s*\d+\s*$/.test(written)) {
    return { value: Number(written) };
  }
  return { value: written };
}

/** Texts anywhere in a value that only Nunjucks could fill in. */
function logicIn(value: unknown): string | null {
  if (typeof value === "string") return templateLogic(value);
  if (typeof value !== "object" || value === null) return null;
  return (
    Object.values(value)
      .map(logicIn)
      .find((found) => found !== null) ?? null
  );
}

function metricOf(type: string, metric: unknown): string | undefined {
  if (typeof metric === "string" && metric.trim() !== "") {
    return MEASURES.includes(metric) ? `${metric}-limit` : metric;
  }
  const plain = type.replace(/^not-/, "");
  return MEASURES.includes(plain) ? `${plain}-limit` : undefined;
}

/** A deterministic check, or null, with a note, when it cannot be carried. */
async function checkOf(source: ImportSource, place: Located, fields: Fields): Promise<Fields | null> {
  const { type, threshold, weight, metric } = fields as {
    type: string;
    threshold?: unknown;
    weight?: unknown;
    metric?: unknown;
  };
  const plain = type.replace(/^not-/, "");
  const read = await valueOf(source, place, type);
  if (read === null) return null;
  const logic = logicIn(read.value) ?? (typeof metric === "string" ? templateLogic(metric) : null);
  if (logic !== null) {
    source.notes.lost(
      place,
      `${visibleLine(logic, 60)} in ${type} is template logic; values here have {{name}} alone`,
    );
    return null;
  }
  const takesThreshold = THRESHOLD_TYPES.includes(plain);
  if (threshold !== undefined && !takesThreshold) {
    source.notes.changed(place, `threshold is left out: it changes nothing for ${type}`);
  }
  const name = metricOf(type, metric);
  const noValue =
    read.value === undefined || plain === "latency" || plain === "cost" || plain === "is-refusal";
  const assertion: Fields = {
    type,
    ...(noValue ? {} : { value: read.value }),
    ...(threshold !== undefined && takesThreshold ? { threshold } : {}),
    ...(weight === undefined || weight === 1 ? {} : { weight }),
    ...(name === undefined ? {} : { metric: name }),
  };
  const parsed = caseAssertionSchema.safeParse(assertion);
  if (parsed.success) {
    if (type === "not-levenshtein")
      source.notes.changed(place, "not-levenshtein is inverted here; promptfoo ignores the not-");
    return assertion;
  }
  const [issue] = parsed.error.issues;
  const known = issue?.message.startsWith("unknown check") !== true;
  const reason = known ? `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim() : reasonFor(type);
  source.notes.lost(place, `${visibleLine(type, 60)}: ${visibleLine(reason, 300)}`);
  return null;
}

/** The assertions of a set: each counts under the set's metric, with its share of the set's weight. */
function flattened(
  source: ImportSource,
  place: Located,
): { readonly place: Located; readonly fields: Fields }[] {
  const fields = isFields(place.value) ? place.value : {};
  if (fields["type"] !== "assert-set") return [{ place, fields }];
  const { metric, threshold, weight = 1 } = fields;
  if (threshold !== undefined && threshold !== 1) {
    source.notes.changed(
      place,
      "threshold of the set is left out: its checks count as a weighted mean, and gates set the floor",
    );
  }
  for (const key of Object.keys(fields).filter(
    (name) => !["type", "assert", "metric", "threshold", "weight"].includes(name),
  )) {
    source.notes.lost(childOf(place, key), "has no counterpart in a check");
  }
  return itemsOf(childOf(place, "assert")).map((inner) => {
    const own = isFields(inner.value) ? inner.value : {};
    const share =
      typeof weight === "number" && typeof (own["weight"] ?? 1) === "number"
        ? weight * ((own["weight"] as number) ?? 1)
        : own["weight"];
    return { place: inner, fields: { ...own, metric: own["metric"] ?? metric, weight: share ?? weight } };
  });
}

/** The reason why no assertion of a test can be carried, or null. */
function changedOutput({ fields }: RawTest, providerTransforms: boolean): string | null {
  const options = isFields(fields["options"]) ? fields["options"] : {};
  if (options["transform"] !== undefined || options["postprocess"] !== undefined)
    return "the test's transform";
  return providerTransforms ? "the provider's transform" : null;
}

interface Translation {
  readonly checks: { place: Located; assertion: Fields }[];
  readonly criteria: { place: Located; criterion: Criterion }[];
}

async function translateOne(
  source: ImportSource,
  test: RawTest,
  { place, fields }: { readonly place: Located; readonly fields: Fields },
  into: Translation,
): Promise<void> {
  const { type, weight } = fields;
  if (typeof type !== "string") {
    source.notes.lost(place, "expected an assertion with a type");
    return;
  }
  if (weight === 0) {
    source.notes.lost(place, `${visibleLine(type, 60)} has weight 0, so it can never fail`);
    return;
  }
  if (fields["transform"] !== undefined) {
    source.notes.lost(place, `${visibleLine(type, 60)} checks an output that a transform changed`);
    return;
  }
  for (const key of Object.keys(fields).filter((name) => !KNOWN_KEYS.includes(name))) {
    source.notes.lost(childOf(place, key), "has no counterpart in a check");
  }
  if (isJudged(type)) {
    const criterion = await criterionOf(source, place, { fields, options: test.fields["options"] });
    if (criterion !== null) into.criteria.push({ place, criterion });
    return;
  }
  const assertion = await checkOf(source, place, fields);
  if (assertion !== null) into.checks.push({ place, assertion });
}

/** Translates the assertions of one test; what cannot be carried is noted where it stands. */
export async function translateAssertions(
  source: ImportSource,
  test: RawTest,
  providerTransforms: boolean,
): Promise<TranslatedAssertions> {
  const all = test.assertions.flatMap((place) => flattened(source, place));
  const changed = changedOutput(test, providerTransforms);
  if (changed !== null) {
    for (const { place } of all) {
      source.notes.lost(place, `it checks an output that ${changed} changed`);
    }
    return { checks: [], criteria: [] };
  }
  const into: Translation = { checks: [], criteria: [] };
  for (const each of all) await translateOne(source, test, each, into);
  return into;
}
