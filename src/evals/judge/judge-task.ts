import { createHash } from "node:crypto";
import type { Case } from "../../domain/case.ts";
import type { Digest } from "../../domain/digest.ts";
import type { JudgeLabels, JudgeSection, JudgeTask } from "../../domain/judge-layout.ts";
import type { Completion } from "../../domain/model.ts";
import type { Message } from "../../domain/prompt.ts";
import type { Rubric, Scale } from "../../domain/rubric.ts";
import { cutMiddle, JUDGED_CHARACTERS, quoteUntrusted } from "./quote-untrusted.ts";

export type Output = Pick<Completion, "text" | "toolCalls">;

/** One case under one rubric. */
export interface JudgedCase {
  readonly rubric: Rubric;
  readonly case: Pick<Case, "id" | "vars" | "expected">;
  /** The rendered messages that led to the output; without them it is judged from the case alone, blind to the prompt. */
  readonly conversation?: readonly Message[];
  /** Which repeat of the output this is, from 0. */
  readonly sample: number;
}

/** What is judged: outputs of one case; the name of the only one is empty. */
interface JudgedOutputs extends JudgedCase {
  readonly outputs: readonly (Output & { readonly name: "" | "first" | "second" })[];
}

function labelsOf(scale: Scale): JudgeLabels {
  if (scale.kind === "pairwise") return scale;
  if (scale.kind === "likert") return { kind: "likert", min: scale.min, max: scale.max };
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

function outputSections({ name, text, toolCalls }: JudgedOutputs["outputs"][number]): JudgeSection[] {
  return [
    { kind: "output", name, text },
    ...toolCalls.map((call): JudgeSection => ({
      kind: "output",
      name: name === "" ? "tool-call" : `${name}.tool-call`,
      text: `${call.name}(${call.arguments})`,
    })),
  ];
}

function rawSections({ case: testCase, rubric, conversation = [], outputs }: JudgedOutputs): JudgeSection[] {
  const { vars, expected } = testCase;
  const shown = rubric.reference === "off" ? undefined : expected;
  return [
    ...Object.entries(vars).map(([name, value]): JudgeSection => ({
      kind: "variable",
      name: name.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 64),
      text: textOf(value),
    })),
    ...(shown === undefined ? [] : [{ kind: "expected", name: "", text: textOf(shown) } as const]),
    ...conversation.map(({ role, content }): JudgeSection => ({
      kind: "message",
      name: role,
      text: content,
    })),
    ...outputs.flatMap(outputSections),
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
export function judgeTask(judged: JudgedOutputs, attempt: number, refused: string | null): JudgeTask {
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
