import type * as z from "zod";
import type { Case } from "../../domain/case.ts";
import type { Score } from "../../domain/evaluation.ts";
import type { Completion } from "../../domain/model.ts";
import type { PromptTemplate } from "../../domain/prompt.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { ParsedJson } from "./parse-json.ts";

/** One output of one case, as the engine hands it in. `costUsd` is in US dollars; null = not known. */
export interface Subject {
  readonly case: Case;
  readonly completion: Completion;
  readonly costUsd: number | null;
}

/** The same for a check: the output is parsed as JSON at most once, however many checks ask. */
export interface MeasuredOutput extends Subject {
  readonly parsedJson: () => ParsedJson;
}

/** What a static check looks at. `cases` is read at most once. */
export interface PromptSubject {
  readonly candidate: PromptTemplate;
  readonly baseline: PromptTemplate | null;
  readonly cases: AsyncIterable<Pick<Case, "id" | "vars">> | Iterable<Pick<Case, "id" | "vars">>;
}

/**
 * What a check saw. `expected` continues "expected the output to …" and `found` follows "found …"; both may hold
 * untrusted text. `value` is in [0,1].
 */
export type Finding =
  | {
      readonly kind: "measured";
      readonly pass: boolean;
      readonly value: number;
      readonly expected: string;
      readonly found: string;
    }
  | { readonly kind: "unscored"; readonly reason: string };

/** A finding; without `value` a pass counts 1 and a failure 0. */
export function measured(pass: boolean, expected: string, found: string, value = pass ? 1 : 0): Finding {
  return { kind: "measured", pass, value, expected, found };
}

/** The measurement is missing, so there is neither a pass nor a failure. */
export function unmeasured(reason: string): Finding {
  return { kind: "unscored", reason };
}

/** Where an assertion is prepared: the case it belongs to and its type as the user wrote it, e.g. `not-contains`. */
export interface Preparation {
  readonly case: Case;
  readonly type: string;
}

type ReportIssue = (path: readonly (string | number)[], message: string) => void;

interface CheckDescription<Options> {
  /** One sentence for editors: when the check passes. */
  readonly summary: string;
  /** Rules that tie fields together or need more than a type; `path` is relative to the assertion. */
  readonly rules?: (options: Options, report: ReportIssue) => void;
}

/** A check of an output. `prepare` throws `GateError` when the case lacks what the check needs. */
export interface OutputCheck<Options> extends CheckDescription<Options> {
  readonly class: "deterministic";
  readonly prepare: (options: Options, preparation: Preparation) => (output: MeasuredOutput) => Finding;
}

/** A check of the prompt itself. */
export interface StaticCheck<Options> extends CheckDescription<Options> {
  readonly class: "static";
  readonly measure: (options: Options, prompts: PromptSubject) => Finding | Promise<Finding>;
}

type AnyOptions = Readonly<Record<string, unknown>>;

/** A check as the table holds it: its options were validated by `fields` and `rules` when the assertion was parsed. */
export type Check = { readonly fields: z.ZodRawShape } & (OutputCheck<AnyOptions> | StaticCheck<AnyOptions>);

/** Ties a check of outputs to the schema of its own fields. */
export function outputCheck<Shape extends z.ZodRawShape>(
  fields: Shape,
  check: Omit<OutputCheck<z.output<z.ZodObject<Shape>>>, "class">,
): Check {
  return { fields, class: "deterministic", ...(check as unknown as Omit<OutputCheck<AnyOptions>, "class">) };
}

/** Ties a check of prompts to the schema of its own fields. */
export function staticCheck<Shape extends z.ZodRawShape>(
  fields: Shape,
  check: Omit<StaticCheck<z.output<z.ZodObject<Shape>>>, "class">,
): Check {
  return { fields, class: "static", ...(check as unknown as Omit<StaticCheck<AnyOptions>, "class">) };
}

/** Untrusted text as a short quotation. */
export function quote(text: string, length = 80): string {
  return `"${visibleLine(text, length)}"`;
}

/** What a thrown value says, as one visible line. */
export function messageOf(error: unknown): string {
  return visibleLine(error instanceof Error ? error.message : String(error));
}

const REASON_LENGTH = 290;

/** The score of a finding: one visible line of reason; the `not-` twin turns pass and value around. */
export function scoreOf(finding: Finding, noun: "output" | "prompt", negated: boolean): Score {
  if (finding.kind === "unscored") {
    return { kind: "unscored", reason: visibleLine(finding.reason, REASON_LENGTH) };
  }
  const { pass, value, expected, found } = finding;
  const reason = `expected the ${noun} ${negated ? "not " : ""}to ${expected}; found ${found}`;
  return {
    kind: "scored",
    value: negated ? 1 - value : value,
    pass: pass !== negated,
    reason: visibleLine(reason, REASON_LENGTH),
  };
}
