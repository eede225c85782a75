import { BUNDLE_PARTS, type BundlePart, type ProjectSnapshot, type PromptSnapshot } from "./snapshot.ts";

/** What became of one prompt of the config. */
export interface PromptChange {
  readonly name: string;
  readonly kind: "added" | "changed" | "unchanged" | "removed";
  /** What differs; all of them for a prompt that is new or gone. */
  readonly parts: readonly BundlePart[];
  readonly cases: CaseChanges;
}

/** Ids of cases, in the order of the dataset. */
export interface CaseChanges {
  readonly added: readonly string[];
  readonly edited: readonly string[];
  readonly removed: readonly string[];
  /** Critical cases at the base that are gone, no longer critical, or ask for something else. */
  readonly loosened: readonly string[];
}

export interface ProjectComparison {
  readonly prompts: readonly PromptChange[];
  /** Rules that differ, as paths of the config: `policies.major`, `customer-support.gates.relevance`. */
  readonly rules: readonly string[];
}

const NO_CASES: CaseChanges = { added: [], edited: [], removed: [], loosened: [] };

function caseChanges({ cases: base }: PromptSnapshot, { cases: head }: PromptSnapshot): CaseChanges {
  const both = [...base].filter(([id]) => head.has(id));
  return {
    added: [...head.keys()].filter((id) => !base.has(id)),
    edited: both.filter(([id, { digest }]) => head.get(id)?.digest !== digest).map(([id]) => id),
    removed: [...base.keys()].filter((id) => !head.has(id)),
    loosened: [...base]
      .filter(([, { critical }]) => critical)
      .filter(([id, { demand }]) => {
        const now = head.get(id);
        return now === undefined || !now.critical || now.demand !== demand;
      })
      .map(([id]) => id),
  };
}

function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Keys whose value differs, or that only one side has, sorted. */
function differing(base: Readonly<Record<string, string>>, head: Readonly<Record<string, string>>): string[] {
  const keys = new Set([...Object.keys(base), ...Object.keys(head)]);
  return [...keys].filter((key) => own(base, key) !== own(head, key)).sort();
}

function ruleChanges(base: PromptSnapshot, head: PromptSnapshot): string[] {
  const { name } = head;
  const whole = (["checks", "waivers"] as const).filter((part) => base.parts[part] !== head.parts[part]);
  const gates = differing(base.gates, head.gates).map((metric) => `${name}.gates.${metric}`);
  const rubrics = differing(base.rubrics, head.rubrics).map((rubric) => `${name}.rubrics.${rubric}`);
  const order = base.parts.judges !== head.parts.judges && rubrics.length === 0 ? [`${name}.judges`] : [];
  return [...gates, ...rubrics, ...order, ...whole.map((part) => `${name}.${part}`)];
}

function added(name: string): PromptChange {
  return { name, kind: "added", parts: BUNDLE_PARTS, cases: NO_CASES };
}

function removed({ name, cases }: PromptSnapshot): PromptChange {
  const ids = [...cases.keys()];
  const loosened = ids.filter((id) => cases.get(id)?.critical === true);
  return { name, kind: "removed", parts: BUNDLE_PARTS, cases: { ...NO_CASES, removed: ids, loosened } };
}

function compared(base: PromptSnapshot, head: PromptSnapshot): PromptChange {
  const parts = BUNDLE_PARTS.filter((part) => base.parts[part] !== head.parts[part]);
  const kind = parts.length === 0 ? "unchanged" : "changed";
  return { name: head.name, kind, parts, cases: caseChanges(base, head) };
}

/**
 * What differs between two states of a project, by digests of what was read and never by names of files. A model that
 * is new changes no rule: nothing has relied on it. Null as base = everything is new.
 */
export function compareProjects(base: ProjectSnapshot | null, head: ProjectSnapshot): ProjectComparison {
  if (base === null) return { prompts: head.prompts.map(({ name }) => added(name)), rules: [] };
  const before = new Map(base.prompts.map((prompt) => [prompt.name, prompt]));
  const now = new Set(head.prompts.map(({ name }) => name));
  const pairs = head.prompts.flatMap((prompt) => {
    const earlier = before.get(prompt.name);
    return earlier === undefined ? [] : [[earlier, prompt] as const];
  });
  const shared = differing(base.shared, head.shared).filter(
    (key) => !key.startsWith("models.") || Object.hasOwn(base.shared, key),
  );
  return {
    prompts: [
      ...head.prompts.map((prompt) => {
        const earlier = before.get(prompt.name);
        return earlier === undefined ? added(prompt.name) : compared(earlier, prompt);
      }),
      ...base.prompts.filter(({ name }) => !now.has(name)).map(removed),
    ],
    rules: [...shared, ...pairs.flatMap(([earlier, prompt]) => ruleChanges(earlier, prompt))],
  };
}

/** Prompts of the head revision that have to be gated. */
export function changedPrompts({ prompts }: ProjectComparison): string[] {
  return prompts.filter(({ kind }) => kind === "added" || kind === "changed").map(({ name }) => name);
}
