import { GateError } from "../../domain/errors.ts";
import type { JudgeLabels, JudgeSection, JudgeTask } from "../../domain/judge-layout.ts";
import { visibleLine } from "../../domain/visible.ts";
import { ANSWERABLE } from "./answer.ts";
import { readGround, readStatements, share, SUPPORTED, type Ground, type Statements } from "./claims.ts";
import { readPrompt } from "./read-prompt.ts";
import { questionTerms, selectSentences } from "./select-sentences.ts";
import { termsOf } from "./words.ts";

/** What a judged output is held against. */
interface Material {
  readonly question: string;
  readonly context: string;
  readonly expected: string | null;
  readonly output: string;
  readonly ground: Ground;
  readonly statements: Statements;
}

/** A measurement of one criterion. */
interface Measurement {
  /** In [0,1]; null = nothing to measure it by. */
  readonly score: number | null;
  /** True when only a perfect score deserves the best label. */
  readonly strict: boolean;
  readonly reasoning: string;
  readonly evidence: string;
}

const QUESTION_NAME = /quer|question|frage|request|message|input|prompt|^user$|^customer$/i;

function sectionTexts(sections: readonly JudgeSection[], kind: JudgeSection["kind"]): string {
  return sections
    .filter((section) => section.kind === kind)
    .map(({ text }) => text)
    .join("\n");
}

/** The variable with a question's name is the question, every other one is given and so context; else the prompt tells. */
function readGiven(sections: readonly JudgeSection[]): {
  readonly question: string;
  readonly context: string;
} {
  const variables = sections.filter(({ kind }) => kind === "variable");
  const asked = variables.find(({ name }) => QUESTION_NAME.test(name));
  if (asked !== undefined) {
    const rest = variables.filter((section) => section !== asked);
    return { question: asked.text, context: rest.map(({ text }) => text).join("\n") };
  }
  const messages = sections
    .filter(({ kind }) => kind === "message")
    .map(({ name, text }) => ({
      role: name === "user" ? ("user" as const) : ("system" as const),
      content: text,
    }));
  const { question, context } = readPrompt(messages);
  return { question, context: [...variables.map(({ text }) => text), context].join("\n") };
}

function readMaterial({ sections }: JudgeTask): Material {
  const { question, context } = readGiven(sections);
  const ground = readGround(context, question);
  const output = sectionTexts(sections, "output");
  const expected = sections.some(({ kind }) => kind === "expected")
    ? sectionTexts(sections, "expected")
    : null;
  const statements = readStatements(output, ground);
  return { question, context, expected, output, ground, statements };
}

/** Share of the claims that the context supports; an output that only declines claims nothing, an empty one earns nothing. */
function measureSupport({ statements }: Material): Measurement {
  const { claims, declines } = statements;
  if (claims.length === 0) {
    return declines
      ? {
          score: 1,
          strict: true,
          reasoning: "The output declines to answer and claims nothing.",
          evidence: "",
        }
      : { score: 0, strict: true, reasoning: "The output says nothing about the matter.", evidence: "" };
  }
  const unsupported = claims.filter(({ support }) => support < SUPPORTED);
  const supported = claims.length - unsupported.length;
  return {
    score: supported / claims.length,
    strict: true,
    reasoning: `${supported} of ${claims.length} claims are supported by what was given.`,
    evidence: unsupported[0]?.text ?? "",
  };
}

/** Whether declining is right: by the reference answer where there is one, else by whether the context answers. */
function shouldDecline({ expected, ground, question, context }: Material): boolean {
  if (expected !== null) {
    const reference = readStatements(expected, ground);
    return reference.declines && reference.claims.length === 0;
  }
  return selectSentences(context, questionTerms(question), 3).covered < ANSWERABLE;
}

/** Share of what the question asks and the material can answer that the output takes up. */
function measureAnswer(material: Material): Measurement {
  const { statements, expected, ground, output } = material;
  const decline = shouldDecline(material);
  if (statements.claims.length === 0) {
    const right = decline && statements.declines;
    const reasoning = right
      ? "The output rightly declines to answer."
      : "The output leaves the question unanswered.";
    return { score: right ? 1 : 0, strict: false, reasoning, evidence: "" };
  }
  const said = new Set(termsOf(output));
  const asked = [...ground.asked].filter((term) => ground.terms.has(term));
  const covered = share(asked, said);
  const reference = expected === null ? covered : share(termsOf(expected), said);
  const score = (covered + reference) / 2;
  return {
    score: decline ? score / 2 : score,
    strict: false,
    reasoning: `The output takes up ${Math.round(score * 100)} % of what was asked${decline ? ", although it should have declined" : ""}.`,
    evidence: statements.claims[0]?.text ?? "",
  };
}

/** For criteria of any other kind: likeness to the reference answer. Without one there is nothing to measure by. */
function measureLikeness({ expected, output }: Material): Measurement {
  const said = termsOf(output);
  const wanted = termsOf(expected ?? "");
  if (wanted.length === 0) {
    return {
      score: null,
      strict: false,
      reasoning: "Word overlap cannot measure this criterion.",
      evidence: "",
    };
  }
  const precision = share(said, new Set(wanted));
  const recall = share(wanted, new Set(said));
  const score = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return {
    score,
    strict: false,
    reasoning: `The output shares ${Math.round(score * 100)} % of its words with the reference.`,
    evidence: "",
  };
}

function measurerOf(question: string): (material: Material) => Measurement {
  if (/support|ground|faithful|context|invent|hallucinat|made up|source|factual/i.test(question))
    return measureSupport;
  if (/relevan|address|answer|on topic|question|asked/i.test(question)) return measureAnswer;
  return measureLikeness;
}

function unmeasurable(id: string): GateError {
  return new GateError(
    "CONFIG_INVALID",
    `the embedded model cannot judge the criterion "${visibleLine(id, 60)}"`,
    {
      hint: "it measures support by the context, answering the question and likeness to an expected answer; use another model for the rubric",
    },
  );
}

type SingleLabels = Exclude<JudgeLabels, { kind: "pairwise" }>;

function pickLabel(id: string, { score, strict }: Measurement, scale: SingleLabels): string | number {
  if (score === null) {
    if (scale.kind === "choices" && scale.notApplicable[0] !== undefined) return scale.notApplicable[0];
    throw unmeasurable(id);
  }
  const steps = scale.kind === "choices" ? scale.labels.length - 1 : scale.max - scale.min;
  const nearest = Math.round((1 - score) * steps);
  const place = Math.min(steps, strict && score < 1 ? Math.max(1, nearest) : nearest);
  return scale.kind === "choices" ? (scale.labels[place] ?? "") : scale.max - place;
}

/** The material with one output of a pair. */
function materialOf(task: JudgeTask, place: "first" | "second"): Material {
  return readMaterial({
    ...task,
    sections: task.sections.filter(
      ({ kind, name }) => kind !== "output" || name === place || name.startsWith(`${place}.`),
    ),
  });
}

function answerPair(task: JudgeTask): string {
  const [first, second] = [materialOf(task, "first"), materialOf(task, "second")];
  const compared = task.rubric.criteria.map(({ id, question }) => {
    const measure = measurerOf(`${question} ${id}`);
    const [one, other] = [measure(first).score, measure(second).score];
    if (one === null || other === null) throw unmeasurable(id);
    const label = one === other ? "tie" : one > other ? "first" : "second";
    return { id, label, shares: `${Math.round(one * 100)} % and ${Math.round(other * 100)} %` };
  });
  return JSON.stringify({
    nonce: task.nonce,
    reasoning: compared.map(({ id, shares }) => `${id}: ${shares}.`).join(" "),
    criteria: compared.map(({ id, label }) => ({ id, label, evidence: "" })),
  });
}

function answerSingle(task: JudgeTask, scale: SingleLabels): string {
  const material = readMaterial(task);
  const measured = task.rubric.criteria.map(({ id, question }) => ({
    id,
    measurement: measurerOf(`${question} ${id}`)(material),
  }));
  return JSON.stringify({
    nonce: task.nonce,
    reasoning: measured.map(({ id, measurement }) => `${id}: ${measurement.reasoning}`).join(" "),
    criteria: measured.map(({ id, measurement }) => ({
      id,
      label: pickLabel(id, measurement, scale),
      evidence: measurement.evidence.slice(0, 200),
    })),
  });
}

/**
 * Answers a judge's task in its contract by measuring word overlap. Criteria about support or context get the share of
 * supported claims, criteria about answering get the share of the question that is taken up (and whether declining is
 * right), all others likeness to the reference answer; `CONFIG_INVALID` where there is neither one nor a label for what
 * does not apply. What stands in the sections is only ever measured, never obeyed.
 */
export function answerJudgeTask(task: JudgeTask): string {
  const { scale } = task.rubric;
  return scale.kind === "pairwise" ? answerPair(task) : answerSingle(task, scale);
}
