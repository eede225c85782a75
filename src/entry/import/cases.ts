import { jsonDigest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import { templateVariables } from "../../domain/template.ts";
import { visibleLine } from "../../domain/visible.ts";
import { caseAssertionSchema, verifyAssertions } from "../../evals/checks/index.ts";
import type { TranslatedAssertions } from "./assertions.ts";
import { isFields, type Fields, type ImportSource } from "./located.ts";
import type { ImportedPrompt } from "./prompts.ts";
import type { RawTest } from "./tests.ts";
import { fillNames, slug } from "./templates.ts";

/** A test with its variables as values and its assertions translated. */
export interface ImportedTest {
  readonly test: RawTest;
  readonly cases: readonly Fields[];
  readonly translated: TranslatedAssertions;
}

/** A case of a dataset under construction, with the keys of the rubrics that its test asks for. */
export interface DraftCase {
  readonly id: string;
  readonly vars: Fields;
  readonly assert: readonly Fields[];
  readonly criteria: ReadonlySet<string>;
  readonly expected: string | undefined;
  readonly notes: Fields;
}

/** A description that promptfoo made up from the row's number says nothing of the case. */
const NUMBERED = /^Row #\d+$/;

function writtenName({ test: { fields } }: ImportedTest): string {
  const { metadata, description } = fields;
  const id = isFields(metadata) ? metadata["id"] : undefined;
  if (typeof id === "string" && id.trim() !== "") return id.trim().slice(0, 200);
  return typeof description === "string" && !NUMBERED.test(description) ? slug(description) : "";
}

function shortDigest(value: unknown, length: number): string {
  return jsonDigest(value).slice("sha256:".length, "sha256:".length + length);
}

/** Ids from what a test says of itself, else from its variables: a case keeps its id when tests move. */
function idsOf(
  drafts: readonly { readonly name: string; readonly vars: Fields; readonly assert: unknown }[],
): string[] {
  const count = new Map<string, number>();
  for (const { name } of drafts) count.set(name, (count.get(name) ?? 0) + 1);
  const taken = new Set<string>();
  return drafts.map(({ name, vars, assert }) => {
    const unique = name !== "" && count.get(name) === 1;
    const base = unique
      ? name
      : `${name === "" ? "case" : name.slice(0, 180)}-${shortDigest(vars, name === "" ? 12 : 6)}`;
    let id = taken.has(base) ? `${base}-${shortDigest(assert, 6)}` : base;
    for (let number = 2; taken.has(id); number += 1) id = `${base}-${number}`;
    taken.add(id);
    return id;
  });
}

/** The checks that this case has all they need for; the others are noted. */
function fittingChecks(source: ImportSource, { checks }: TranslatedAssertions, vars: Fields): Fields[] {
  return checks.flatMap(({ place, assertion }) => {
    const parsed = caseAssertionSchema.parse(assertion);
    try {
      const testCase = { id: "case", vars, tags: [], critical: false, split: "golden", assert: [] } as const;
      verifyAssertions([parsed], testCase);
      return [assertion];
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      source.notes.lost(place, visibleLine(error.message.replace(/^case case, /, ""), 300));
      return [];
    }
  });
}

/** The reference that the test's judges compare with; a second one has no place in a case. */
function expectedOf(source: ImportSource, { translated }: ImportedTest, vars: Fields): string | undefined {
  const fill = (name: string): string | null => {
    const value = Object.hasOwn(vars, name) ? vars[name] : undefined;
    return value === undefined ? null : typeof value === "string" ? value : JSON.stringify(value);
  };
  const [first, ...others] = translated.criteria.filter(({ criterion }) => criterion.reference !== null);
  for (const { place, criterion } of others) {
    if (criterion.reference !== first?.criterion.reference) {
      source.notes.lost(place, "a case has one expected answer, and another assertion has given it");
    }
  }
  const reference = first?.criterion.reference ?? undefined;
  return reference === undefined ? undefined : fillNames(reference, fill);
}

/** promptfoo renders nothing for a variable that a test lacks; here such a case would be an error. */
function withAllVariables(
  source: ImportSource,
  prompt: ImportedPrompt,
  { test }: ImportedTest,
  vars: Fields,
): Fields {
  const missing = templateVariables(prompt).filter((name) => !Object.hasOwn(vars, name));
  for (const name of missing) {
    source.notes.changed(
      test.place,
      `the test has no ${name}, which ${prompt.name} uses: the case gets an empty one`,
    );
  }
  return { ...vars, ...Object.fromEntries(missing.map((name) => [name, ""])) };
}

function notesOf({ test: { fields } }: ImportedTest): Fields {
  const { description, metadata } = fields;
  return {
    ...(typeof description === "string" ? { description } : {}),
    ...(isFields(metadata) && Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}

/** The cases of one prompt: every test with every combination of its variables. */
export function draftCases(
  source: ImportSource,
  prompt: ImportedPrompt,
  tests: readonly ImportedTest[],
): DraftCase[] {
  const drafts = tests.flatMap((each) =>
    each.cases.map((values) => {
      const vars = withAllVariables(source, prompt, each, values);
      const { criteria } = each.translated;
      return {
        name: writtenName(each),
        vars,
        assert: fittingChecks(source, each.translated, vars),
        criteria: new Set(criteria.map(({ criterion }) => criterion.key)),
        expected: expectedOf(source, each, vars),
        notes: notesOf(each),
      };
    }),
  );
  const ids = idsOf(drafts);
  return drafts.map(({ vars, assert, criteria, expected, notes }, index) => ({
    id: ids[index] as string,
    vars,
    assert,
    criteria,
    expected,
    notes,
  }));
}
