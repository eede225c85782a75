import { diffWordsWithSpace, structuredPatch } from "diff";
import type { PromptTemplate } from "../../domain/prompt.ts";
import { visible } from "../../domain/visible.ts";
import { paint } from "../../report/paint.ts";

/** One part of a prompt as text on both sides; null where a side does not have it. */
export interface DiffSection {
  readonly path: string;
  readonly title: string;
  readonly before: string | null;
  readonly after: string | null;
}

const CONTEXT_LINES = 3;
// Beyond this many changed lines or words a diff costs more than it shows.
const LARGEST_EDIT = 1500;

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value, null, 2);
}

function messageSections(before: PromptTemplate, after: PromptTemplate): DiffSection[] {
  const count = Math.max(before.messages.length, after.messages.length);
  return Array.from({ length: count }, (_, index) => {
    const [old, fresh] = [before.messages[index], after.messages[index]];
    const roles = [...new Set([old?.role, fresh?.role].filter((role) => role !== undefined))].join(" -> ");
    return {
      path: `messages[${index}]`,
      title: `message ${index + 1} (${roles})`,
      before: old?.content ?? null,
      after: fresh?.content ?? null,
    };
  });
}

/** The parts of two templates that differ. */
export function diffSections(before: PromptTemplate, after: PromptTemplate): DiffSection[] {
  const settings = ({ model, modelParameters, responseFormat }: PromptTemplate): string | null =>
    json({ model, modelParameters, responseFormat });
  const sections = [
    ...messageSections(before, after),
    { path: "settings", title: "model and parameters", before: settings(before), after: settings(after) },
    {
      path: "jsonSchema",
      title: "response schema",
      before: json(before.jsonSchema),
      after: json(after.jsonSchema),
    },
    { path: "tools", title: "tools", before: json(before.tools), after: json(after.tools) },
  ];
  return sections.filter((section) => section.before !== section.after);
}

/** Ends the last line: a line break that is missing there is no difference between two lines. */
function closed(text: string | null): string {
  return text === null || text === "" || text.endsWith("\n") ? (text ?? "") : `${text}\n`;
}

/** The hunks of a unified diff, or null when the texts are too large and too different for one. */
function unifiedLines({ before, after }: DiffSection): string[] | null {
  const patch = structuredPatch("", "", closed(before), closed(after), "", "", {
    context: CONTEXT_LINES,
    maxEditLength: LARGEST_EDIT,
  });
  if (patch === undefined) return null;
  return patch.hunks.flatMap((hunk) => [
    `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
    ...hunk.lines,
  ]);
}

/** The unified diff of a section as one text, for machines. */
export function unifiedText(section: DiffSection): string | null {
  return unifiedLines(section)?.join("\n") ?? null;
}

/** A removed and an added line with the words that differ standing out. */
function wordPair(removed: string, added: string): [string, string] {
  const changes = diffWordsWithSpace(visible(removed), visible(added), { maxEditLength: LARGEST_EDIT });
  const side = (color: "red" | "green", hidden: "added" | "removed", plain: string): string =>
    changes === undefined
      ? paint(true, plain, color)
      : changes
          .filter((change) => !change[hidden])
          .map(({ value, added: isNew, removed: isOld }) =>
            isNew || isOld ? paint(true, value, color, "inverse") : paint(true, value, color),
          )
          .join("");
  return [
    `${paint(true, "-", "red")}${side("red", "added", visible(removed))}`,
    `${paint(true, "+", "green")}${side("green", "removed", visible(added))}`,
  ];
}

function coloredBlock(removed: readonly string[], added: readonly string[]): string[] {
  if (removed.length !== added.length) {
    return [
      ...removed.map((line) => paint(true, visible(`-${line}`), "red")),
      ...added.map((line) => paint(true, visible(`+${line}`), "green")),
    ];
  }
  const pairs = removed.map((line, index) => wordPair(line, added[index] ?? ""));
  return [...pairs.map(([old]) => old), ...pairs.map(([, fresh]) => fresh)];
}

function coloredLines(lines: readonly string[]): string[] {
  const colored: string[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  for (const line of [...lines, ""]) {
    if (line.startsWith("-")) removed.push(line.slice(1));
    else if (line.startsWith("+")) added.push(line.slice(1));
    else {
      colored.push(...coloredBlock(removed, added));
      [removed, added] = [[], []];
      if (line.startsWith("@@")) colored.push(paint(true, visible(line), "cyan"));
      else if (line !== "") colored.push(visible(line));
    }
  }
  return colored;
}

/** A section as unified diff lines for people, harmless for a terminal. */
export function sectionLines(section: DiffSection, color: boolean): string[] {
  const { title, before, after } = section;
  const news = before === null ? " added" : after === null ? " removed" : "";
  const lines = unifiedLines(section);
  const remark =
    lines === null
      ? ["  too large and too different to compare line by line"]
      : lines.length === 0
        ? ["  only the line break at the end differs"]
        : null;
  return [
    paint(color, `${title}${news}`, "bold"),
    ...(remark ?? (color ? coloredLines(lines ?? []) : (lines ?? []).map((line) => visible(line)))),
  ];
}
