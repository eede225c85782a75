import * as z from "zod";

/** How a criterion may be answered, as a judge sees it: scores stay with the caller. */
export type JudgeLabels =
  | {
      readonly kind: "choices";
      /** Best first. */
      readonly labels: readonly string[];
      readonly notApplicable: readonly string[];
    }
  /** Whole numbers; `max` is best. */
  | { readonly kind: "likert"; readonly min: number; readonly max: number }
  /** `first` or `second`, whichever output is better, or `tie`; the outputs are sections of these names. */
  | { readonly kind: "pairwise" };

/** One untrusted text that a judge looks at. */
export interface JudgeSection {
  readonly kind: "variable" | "expected" | "message" | "output";
  /** The variable's name or the message's role: letters, digits, `_`, `.`, `-`; empty where there is only one. */
  readonly name: string;
  readonly text: string;
}

/** What a judge is asked: the user message of its request. */
export interface JudgeTask {
  /** Lowercase hex; the answer must repeat it. */
  readonly nonce: string;
  /** Lowercase hex; marks the borders of the sections. */
  readonly tag: string;
  readonly rubric: {
    readonly name: string;
    readonly scale: JudgeLabels;
    readonly criteria: readonly { readonly id: string; readonly question: string }[];
  };
  readonly sections: readonly JudgeSection[];
  /** Why the previous answer was refused, in the caller's words; null on the first attempt. */
  readonly refused: string | null;
}

function renderSection(tag: string, { kind, name, text }: JudgeSection): string[] {
  // Each line of data is marked, so that no line of it can begin like a line of this layout.
  const lines = text.split("\n").map((line) => `| ${line}`);
  return [`<<<${tag} ${kind}${name === "" ? "" : ` ${name}`}>>>`, ...lines, `<<<${tag} end>>>`];
}

/** The task as text. `readJudgeTask` gives it back, whatever the sections hold. */
export function renderJudgeTask({ nonce, tag, rubric, sections, refused }: JudgeTask): string {
  return [
    `NONCE: ${nonce}`,
    `RUBRIC: ${JSON.stringify(rubric)}`,
    ...sections.flatMap((section) => renderSection(tag, section)),
    ...(refused === null ? [] : [`REFUSED: ${JSON.stringify(refused)}`]),
    `ANSWER: one JSON object with the nonce ${nonce}`,
  ].join("\n");
}

const BORDER = /^<<<([0-9a-f]+) (?:(variable|expected|message|output)(?: ([\w.-]+))?|end)>>>$/;

function readSections(lines: readonly string[]): { readonly tag: string; readonly sections: JudgeSection[] } {
  const sections: JudgeSection[] = [];
  let tag = "";
  let open: { kind: JudgeSection["kind"]; name: string; lines: string[] } | null = null;
  for (const line of lines) {
    if (line.startsWith("| ")) {
      open?.lines.push(line.slice(2));
      continue;
    }
    const [, found = "", kind, name = ""] = BORDER.exec(line) ?? [];
    if (found === "") continue;
    tag = found;
    if (open !== null) sections.push({ kind: open.kind, name: open.name, text: open.lines.join("\n") });
    open = kind === undefined ? null : { kind: kind as JudgeSection["kind"], name, lines: [] };
  }
  return { tag, sections };
}

const rubricSchema = z.object({
  name: z.string(),
  scale: z.union([
    z.object({
      kind: z.literal("choices"),
      labels: z.array(z.string()),
      notApplicable: z.array(z.string()),
    }),
    z.object({ kind: z.literal("likert"), min: z.number(), max: z.number() }),
    z.object({ kind: z.literal("pairwise") }),
  ]),
  criteria: z.array(z.object({ id: z.string(), question: z.string() })),
});

function readJson<Value>(text: string, schema: z.ZodType<Value>): Value | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** The task of a text that `renderJudgeTask` wrote; null for any other text. */
export function readJudgeTask(text: string): JudgeTask | null {
  const lines = text.split("\n");
  const [, nonce] = /^NONCE: ([0-9a-f]+)$/.exec(lines[0] ?? "") ?? [];
  const [, rubricText] = /^RUBRIC: (\{.*\})$/.exec(lines[1] ?? "") ?? [];
  const rubric = rubricText === undefined ? null : readJson(rubricText, rubricSchema);
  if (nonce === undefined || rubric === null) return null;
  const refused = lines.find((line) => line.startsWith("REFUSED: "))?.slice("REFUSED: ".length);
  return {
    nonce,
    ...readSections(lines.slice(2)),
    rubric,
    refused: refused === undefined ? null : readJson(refused, z.string()),
  };
}
