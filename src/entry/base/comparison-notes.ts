import type { CaseChanges, PromptChange } from "./compare-projects.ts";
import type { OpenedComparison, RuleSource } from "./open-comparison.ts";

/** One sentence for people; it may hold names from files: escape before printing. */
export interface Note {
  readonly level: "info" | "warn";
  readonly text: string;
}

const LISTED = 20;

/** `a, b and 3 more`. */
export function listed(names: readonly string[], limit = LISTED): string {
  const shown = names.slice(0, limit).join(", ");
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}

/** Whose rules decide, in one sentence. */
function rulesNote(rules: RuleSource): Note {
  switch (rules.kind) {
    case "base":
      return { level: "info", text: `rules, judges and baseline come from ${rules.commit.slice(0, 12)}` };
    case "adoption":
      return {
        level: "warn",
        text: `${rules.commit.slice(0, 12)} has no promptgate config: the rules and the baseline are those of the change itself, and nobody has reviewed them yet`,
      };
    case "unreadable":
      return {
        level: "warn",
        text: `the project of ${rules.commit.slice(0, 12)} cannot be used, so the rules are those of the change itself: ${rules.reason}`,
      };
    case "unknown":
      return {
        level: "warn",
        text: `there is no base revision to take rules from, so everything is gated by its own: ${rules.reason}`,
      };
  }
}

function caseNotes(name: string, { added, edited, removed, loosened }: CaseChanges): Note[] {
  const kinds = [
    ["added", added],
    ["edited", edited],
    ["removed", removed],
  ] as const;
  return [
    ...kinds
      .filter(([, ids]) => ids.length > 0)
      .map(([word, ids]): Note => ({ level: "info", text: `${name}: cases ${word}: ${listed(ids)}` })),
    ...(loosened.length === 0
      ? []
      : [
          {
            level: "warn" as const,
            text: `${name}: critical cases removed or changed, which asks for a sign-off: ${listed(loosened)}`,
          },
        ]),
  ];
}

function promptNotes({ name, kind, parts, cases }: PromptChange): Note[] {
  switch (kind) {
    case "unchanged":
      return [];
    case "added":
      return [{ level: "info", text: `${name}: new` }];
    case "removed":
      return [{ level: "warn", text: `${name}: removed, which asks for a sign-off` }];
    case "changed":
      return [{ level: "info", text: `${name}: changed: ${parts.join(", ")}` }, ...caseNotes(name, cases)];
  }
}

/** What a change does to prompts, cases and rules, in the order in which a reader asks. */
export function comparisonNotes({ comparison, rules }: OpenedComparison): Note[] {
  const prompts = comparison.prompts.flatMap(promptNotes);
  return [
    rulesNote(rules),
    ...(prompts.length === 0 ? [{ level: "info" as const, text: "no prompt changed" }] : prompts),
    ...(comparison.rules.length === 0
      ? []
      : [
          {
            level: "warn" as const,
            text: `the change alters rules that it is not judged by: ${listed(comparison.rules)}`,
          },
        ]),
  ];
}
