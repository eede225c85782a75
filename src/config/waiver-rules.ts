import type { Problem } from "../domain/problem.ts";
import { visibleLine } from "../domain/visible.ts";
import type { Waiver } from "../domain/waiver.ts";
import type { WrittenConfig } from "./config-schema.ts";
import { metricNames, type ReadPart } from "./gate-rules.ts";
import { suggestion } from "./known-keys.ts";
import { problemAt, type Path, type SourceDocument } from "./source-document.ts";
import { dayStart, type WrittenWaiver } from "./waiver-schema.ts";

const DAY_MS = 86_400_000;
/** Beyond it a waiver is a rule that nobody wrote down. */
const LONGEST_DAYS = 90;

/** What one prompt has that a waiver may name; null where a file could not be read. */
interface Names {
  readonly prompt: string;
  readonly cases: ReadonlySet<string> | null;
  readonly metrics: ReadonlySet<string> | null;
}

function namesOf(part: ReadPart): Names {
  return {
    prompt: part.name,
    cases: part.cases === null ? null : new Set(part.cases.entries.map(({ id }) => id)),
    metrics: metricNames(part),
  };
}

/** A name that could not be looked up is taken as there: its file has a problem of its own. */
function has(names: ReadonlySet<string> | null, name: string | undefined): boolean {
  return name === undefined || names === null || names.has(name);
}

function all(prompts: readonly Names[], key: "cases" | "metrics"): string[] {
  return [...new Set(prompts.flatMap((names) => [...(names[key] ?? [])]))];
}

/** What a waiver names and nothing has, as key and sentence. */
function unknownName(
  { case: id, metric, prompt }: WrittenWaiver,
  prompts: readonly Names[],
): readonly [key: keyof WrittenWaiver, message: string] | null {
  const inPrompt = prompts.filter((names) => prompt === undefined || names.prompt === prompt);
  if (inPrompt.length === 0) {
    const near = suggestion(
      prompt ?? "",
      prompts.map((names) => names.prompt),
    );
    return ["prompt", `the config has no such prompt${near}`];
  }
  const whose = prompt === undefined ? "no prompt has" : `${visibleLine(prompt, 60)} does not have`;
  if (!inPrompt.some(({ cases }) => has(cases, id))) {
    return ["case", `${whose} this case${suggestion(id ?? "", all(inPrompt, "cases"))}`];
  }
  if (!inPrompt.some(({ metrics }) => has(metrics, metric))) {
    return ["metric", `${whose} this metric${suggestion(metric ?? "", all(inPrompt, "metrics"))}`];
  }
  if (inPrompt.some(({ cases, metrics }) => has(cases, id) && has(metrics, metric))) return null;
  return ["case", "no prompt has both this case and this metric"];
}

/** When a waiver has to be looked at again. */
export interface WaiverDates {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What an expired waiver is: an error wherever waivers decide. */
  readonly expired: Problem["severity"];
}

function dateProblems(
  { owner, expires }: WrittenWaiver,
  { now, expired }: WaiverDates,
  report: (severity: Problem["severity"], message: string) => Problem,
): Problem[] {
  const last = dayStart(expires) ?? Number.NEGATIVE_INFINITY;
  const days = Math.round((last - Math.floor(now / DAY_MS) * DAY_MS) / DAY_MS);
  const name = visibleLine(owner, 80);
  if (days < 0) {
    const message = `the waiver of ${name} expired on ${expires}: correct what it covers, or let ${name} renew it`;
    return [report(expired, message)];
  }
  if (days <= LONGEST_DAYS) return [];
  const message = `the waiver of ${name} holds for ${days} days more; ${LONGEST_DAYS} at most are usual`;
  return [report("warning", message)];
}

/** Waivers name what there is and have not expired; the whole last day counts. */
export function waiverProblems(
  document: SourceDocument,
  { waivers }: WrittenConfig,
  parts: readonly ReadPart[],
  dates: WaiverDates,
): Problem[] {
  const prompts = parts.map(namesOf);
  return waivers.flatMap((waiver, index) => {
    const path: Path = ["waivers", index];
    const unknown = unknownName(waiver, prompts);
    return [
      ...(unknown === null ? [] : [problemAt(document, { path: [...path, unknown[0]] }, unknown[1])]),
      ...dateProblems(waiver, dates, (severity, message) =>
        problemAt(document, { path: [...path, "expires"], severity }, message),
      ),
    ];
  });
}

/** The waivers that concern one prompt: it has what they name. */
export function waiversOf(part: ReadPart, { waivers }: WrittenConfig): Waiver[] {
  if (waivers.length === 0) return [];
  const { prompt, cases, metrics } = namesOf(part);
  return waivers
    .filter((waiver) => waiver.prompt === undefined || waiver.prompt === prompt)
    .filter((waiver) => has(cases, waiver.case) && has(metrics, waiver.metric))
    .map(({ prompt: own = null, case: id = null, metric = null, owner, reason, expires }) => ({
      prompt: own,
      case: id,
      metric,
      owner,
      reason,
      expires,
    }));
}
