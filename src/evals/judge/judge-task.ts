import { createHash } from "node:crypto";
import type { Case } from "../../domain/case.ts";
import type { Digest } from "../../domain/digest.ts";
import type { JudgeLabels, JudgeSection, JudgeTask } from "../../domain/judge-layout.ts";
import type { Completion } from "../../domain/model.ts";
import type { Message } from "../../domain/prompt.ts";
import type { Rubric, Scale } from "../../domain/rubric.ts";
import { cutMiddle, JUDGED_CHARACTERS, quoteUntrusted } from "./quote-untrusted.ts";

/** What is judged: one output of one case under one rubric. */
export interface JudgedOutput {
  readonly rubric: Rubric;
  readonly case: Pick<Case, "id" | "vars" | "expected">;
  /** The rendered messages that led to the output; without them it is judged from the case alone, blind to the prompt. */
  readonly conversation?: readonly Message[];
  readonly output: Pick<Completion, "text" | "toolCalls">;
  /** Which repeat of the output this is, from 0. */
  readonly sample: number;
}

function labelsOf(scale: Scale): JudgeLabels {
  if (scale.kind === "likert") return scale;
  const entries = Object.entries(scale.choices);
  return {
    kind: "choices",
    labels: entries
      .filter((entry): entry is [string, number] => entry[1] !== null)
      .sort(([, left], [, right]) => right - left)
      .map(([label]) => label),
    notApplicable: entries.filter(([, value]) => value === null).map(([label]) => label),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function rawSections({ case: testCase, conversation = [], output }: JudgedOutput): JudgeSection[] {
  const { vars, expected } = testCase;
  return [
    ...Object.entries(vars).map(([name, value]): JudgeSection => ({
      kind: "variable",
      name: name.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 64),
      text: textOf(value),
    })),
    ...(expected === undefined ? [] : [{ kind: "expected", name: "", text: textOf(expected) } as const]),
    ...conversation.map(({ role, content }): JudgeSection => ({
      kind: "message",
      name: role,
      text: content,
    })),
    { kind: "output", name: "", text: output.text },
    ...output.toolCalls.map(({ name, arguments: text }): JudgeSection => ({
      kind: "output",
      name: "tool-call",
      text: `${name}(${text})`,
    })),
  ];
}

interface Identity {
  readonly rubric: Digest;
  readonly caseId: string;
  readonly sample: number;
  readonly attempt: number;
  readonly sections: readonly JudgeSection[];
}

/**
 * 128 bits of SHA-256 over everything the mark has to protect. Derived instead of drawn, so that equal requests are equal
 * bytes: they can be cached and replayed. Not guessable for what is judged all the same: the hash covers the whole
 * untrusted text, so a text that holds its own mark would be a fixed point of SHA-256, some 2^128 attempts away.
 */
function deriveMark(
  purpose: "nonce" | "tag",
  { rubric, caseId, sample, attempt, sections }: Identity,
): string {
  const texts = sections.map(({ kind, name, text }) => [kind, name, text]);
  const source = JSON.stringify(["promptgate/judge", purpose, rubric, caseId, sample, attempt, texts]);
  return createHash("sha256").update(source, "utf8").digest("hex").slice(0, 32);
}

function presentSection(section: JudgeSection): JudgeSection {
  if (section.kind !== "output") return { ...section, text: quoteUntrusted(section.text) };
  // Cut again: quoting can make a text of control characters many times as long.
  const text = cutMiddle(quoteUntrusted(cutMiddle(section.text, JUDGED_CHARACTERS)), JUDGED_CHARACTERS);
  return { ...section, text };
}

/** The task of one attempt (from 0); `refused` says what was wrong with the attempt before. */
export function judgeTask(judged: JudgedOutput, attempt: number, refused: string | null): JudgeTask {
  const { rubric, sample } = judged;
  const sections = rawSections(judged);
  const identity = { rubric: rubric.digest, caseId: judged.case.id, sample, attempt, sections };
  return {
    nonce: deriveMark("nonce", identity),
    tag: deriveMark("tag", identity),
    rubric: { name: rubric.name, scale: labelsOf(rubric.scale), criteria: rubric.criteria },
    sections: sections.map(presentSection),
    refused,
  };
}
