import type {
  BaselineSampling,
  CaseChange,
  ModelUse,
  PromptGateResult,
  RunUsage,
  UnscoredCase,
} from "../domain/gate-result.ts";
import type { MetricResult } from "../domain/scores.ts";
import { higherTier, type ChangeFinding } from "../domain/tier.ts";
import { visibleLine } from "../domain/visible.ts";
import type { Waiver } from "../domain/waiver.ts";
import { count, difference, money, NOTHING, percent, plural, score } from "./figures.ts";

// Plain sentences that every format shares. They still hold untrusted text, made visible and put on one line; each
// format escapes it in its own way.

/** `customer-support 2.4.0 against production 2.3.1`. */
export function title({ name, candidate, baseline }: PromptGateResult): string {
  const against =
    baseline === null
      ? ", nothing to compare it with"
      : ` against ${visibleLine(baseline.label ?? "version", 64)} ${visibleLine(baseline.version, 40)}`;
  return `${visibleLine(name, 128)} ${visibleLine(candidate.version, 40)}${against}`;
}

/** True when the author declared less than the change is. */
export function isUnderDeclared({ tier: { declared, required } }: PromptGateResult): boolean {
  return declared !== null && required !== null && higherTier(declared, required) !== declared;
}

/** `minor (declared minor, the change needs minor)`. */
export function tierSummary(prompt: PromptGateResult): string {
  const { declared, required, applied } = prompt.tier;
  const needs = required === null ? "nothing to compare the change with" : `the change needs ${required}`;
  const note = isUnderDeclared(prompt) ? "; declared too low" : "";
  return `${applied} (declared ${declared ?? "none"}, ${needs}${note})`;
}

/** The findings that decided the required tier, at most `limit`. */
export function decidingFindings({ tier }: PromptGateResult, limit: number): readonly ChangeFinding[] {
  return tier.findings.filter((finding) => finding.tier === tier.required).slice(0, limit);
}

/** `messages[0]: a sentence was added`. */
export function findingText({ path, message }: ChangeFinding): string {
  return `${visibleLine(path, 80)}: ${visibleLine(message, 240)}`;
}

/** What answers of such a provider are worth; what is weak is said beside the verdict. */
const modelNotes: Readonly<Record<string, { readonly text: string; readonly isWeak: boolean }>> = {
  embedded: { text: "embedded model: for trying the tool, not evidence about a real one", isWeak: true },
  recorded: {
    text: "recorded model: answers replayed from an earlier recording, not fresh ones",
    isWeak: true,
  },
  "stored outputs": { text: "outputs from a file: no model was called for them", isWeak: false },
};

function noteOf({ provider }: ModelUse): { readonly text: string; readonly isWeak: boolean } | undefined {
  return Object.hasOwn(modelNotes, provider) ? modelNotes[provider] : undefined;
}

/** Who answered in which role, and what such an answer is worth; `note` is null for a real provider. */
export function modelText(use: ModelUse): {
  readonly role: string;
  readonly model: string;
  readonly note: string | null;
} {
  const metric = use.metric === undefined ? "" : ` (${visibleLine(use.metric, 64)})`;
  return {
    role: `${use.role}${metric}`,
    model: `${visibleLine(use.provider, 40)} ${visibleLine(use.model, 120)}`,
    note: noteOf(use)?.text ?? null,
  };
}

/** Notes on models that are no full evidence about a real one, each once. */
export function modelWarnings({ models }: PromptGateResult): string[] {
  return [
    ...new Set(models.flatMap((use) => (noteOf(use)?.isWeak === true ? [noteOf(use)?.text ?? ""] : []))),
  ];
}

/** `1.000 -> 0.000`. */
export function changeText(change: CaseChange): string {
  return `${score(change.baseline)} -> ${score(change.candidate)}`;
}

/** `candidate has no score for relevance: judge timeout`. */
export function unscoredText({ metric, side, reason }: UnscoredCase): string {
  return `${side}, ${visibleLine(metric, 64)}: ${visibleLine(reason, 240)}`;
}

/** `case refund-017 on faithfulness` and `until 2026-12-31, ana: the new price list is not in the context yet`. */
export function waiverText(waiver: Waiver): { readonly what: string; readonly terms: string } {
  const { case: id, metric, owner, reason, expires } = waiver;
  const name = visibleLine(metric ?? "", 64);
  const whole = metric === null ? "every metric" : name;
  return {
    what: id === null ? name : `case ${visibleLine(id, 80)} on ${whole}`,
    terms: `until ${visibleLine(expires, 10)}, ${visibleLine(owner, 80)}: ${visibleLine(reason, 240)}`,
  };
}

/** `at equal length of the outputs -1.2 pts (standard error 0.8)`. */
function lengthText({ kind, lengthAdjusted }: MetricResult): string[] {
  if (lengthAdjusted === null) return [];
  const { delta, standardError } = lengthAdjusted;
  const error = Number((standardError * 100).toFixed(1));
  return [`at equal length of the outputs ${difference(kind, delta)} (standard error ${error})`];
}

/** `3 judges, whose votes agree in 87 %`. */
function judgingText({ judging }: MetricResult): string[] {
  if (judging === null) return [];
  switch (judging.kind) {
    case "pairwise": {
      const { judged, consistency, firstSlotRate } = judging;
      if (judged === 0) return ["no comparison needed the judge"];
      const place =
        firstSlotRate === null ? "" : `, ${percent(firstSlotRate)} of its preferences for the first place`;
      return [
        `scores are shares of comparisons won; in both orders the judge prefers the same in ${percent(consistency)}${place}`,
      ];
    }
    case "panel":
      return judging.agreement === null
        ? []
        : [`${plural(judging.judges, "judge")}, whose votes agree in ${percent(judging.agreement)}`];
  }
}

/** What a metric's row has no room for: cases, wins and losses, what the dataset can show. */
export function metricDetails(metric: MetricResult): string {
  const drop = Number((metric.minimumDetectableDrop * 100).toFixed(1));
  const detectable = `all ${plural(metric.n, "case")} would show a drop of ${drop} points 4 times out of 5`;
  return [
    `${count(metric.used)} of ${plural(metric.n, "case")} used`,
    ...(metric.baseline === null
      ? []
      : [`${count(metric.wins)} better, ${count(metric.losses)} worse, ${count(metric.ties)} equal`]),
    ...(metric.unscored === 0 ? [] : [`${count(metric.unscored)} without a score`]),
    ...(metric.mcnemarP === null ? [] : [`McNemar p ${metric.mcnemarP.toPrecision(2)}`]),
    ...(metric.margin === null || metric.baseline === null ? [] : [detectable]),
    ...lengthText(metric),
    ...judgingText(metric),
  ].join("; ");
}

/** A metric's own sentence with its figures; a sentence that the reasons hold already is not said again. */
export function metricNote({ reasons }: PromptGateResult, metric: MetricResult): string {
  const isSaid = reasons.includes(`${metric.name}: ${metric.reason}`);
  return isSaid ? metricDetails(metric) : `${visibleLine(metric.reason, 400)}; ${metricDetails(metric)}`;
}

/** `122 of 200 cases used, all of them scored; 3 looks planned, after 61, 122, 200 cases`. */
export function caseSummary({ cases, plan }: PromptGateResult): string {
  const waived = cases.waived === 0 ? "" : `, ${count(cases.waived)} waived`;
  if (cases.used === 0) return `none of ${plural(cases.total, "case")} was looked at`;
  const looks = plan?.looks ?? [];
  const planned =
    looks.length < 2 ? "" : `; ${looks.length} looks planned, after ${looks.map(count).join(", ")} cases`;
  const unscored = cases.unscored === 0 ? "all of them scored" : `${count(cases.unscored)} without a score`;
  return `${count(cases.used)} of ${plural(cases.total, "case")} used, ${unscored}${waived}${planned}`;
}

function costText({ costUsd, generationUsd, judgeUsd }: RunUsage): string {
  if (costUsd === null) return "cost unknown: a model that was called has no price in the config";
  const parts =
    generationUsd === null || judgeUsd === null
      ? ""
      : ` (${money(generationUsd)} for answers, ${money(judgeUsd)} for judging)`;
  return `cost ${money(costUsd)}${parts}`;
}

/** Calls, tokens and money of the run. */
export function usageSummary({ usage }: PromptGateResult): string {
  if (usage.calls + usage.cachedCalls === 0) return "no model was called";
  const calls = `${plural(usage.calls, "model call")}, ${plural(usage.cachedCalls, "answer")} from the cache`;
  return `${calls}; ${count(usage.inputTokens)} tokens in, ${count(usage.outputTokens)} out; ${costText(usage)}`;
}

/** `5 to each case, stored since 2026-11-20; 24 cases asked again, no drift`. */
function samplingText({ samples, since, drift }: BaselineSampling): string {
  const stored = `${samples} to each case, stored since ${since.slice(0, 10)}`;
  if (drift === null) return stored;
  const outcome = !drift.tested ? "drift not tested" : drift.found ? "drift found" : "no drift";
  return `${stored}; ${plural(drift.cases, "case")} asked again, ${outcome}`;
}

/** What makes the run repeatable: label and value. */
export function provenance(prompt: PromptGateResult): (readonly [label: string, value: string])[] {
  const { digests, baseline, seed, attempt, runDir } = prompt;
  const tries =
    attempt === 1 ? "" : ": each further candidate tried on the same cases makes a lucky pass likelier";
  return [
    ["candidate digest", digests.prompt],
    ["baseline digest", baseline?.digest ?? NOTHING],
    ...(baseline?.sampling === undefined ? [] : [["baseline answers", samplingText(baseline.sampling)]]),
    ["dataset digest", digests.dataset],
    ["judges digest", digests.judges],
    ["policy digest", digests.policy],
    ["seed", String(seed)],
    ["attempt", `${attempt}${tries}`],
    ["run folder", runDir ?? NOTHING],
  ].map(([label = "", value = ""]) => [label, visibleLine(value, 240)]);
}

function levelText(metrics: readonly MetricResult[]): string {
  const levels = metrics.flatMap(({ interval }) => (interval === null ? [] : [percent(interval.level)]));
  const unique = [...new Set(levels)];
  return unique.length === 0
    ? ""
    : " The interval is where the true difference may lie; " +
        `we are ${unique.join(" or ")} sure of each of its ends.`;
}

function errorRateText(metrics: readonly MetricResult[]): string {
  const rates = metrics
    .filter(({ level }) => level !== "off")
    .map(
      ({ alphaMiss, alphaBlock }) =>
        ` A prompt that is worse by the whole margin passes at most ${percent(alphaMiss)} of the time, ` +
        `one that is as good fails at most ${percent(alphaBlock)} of the time`,
    );
  const unique = [...new Set(rates)];
  return unique.map((rate) => `${rate}${unique.length > 1 ? " (depends on the metric)" : ""}.`).join("");
}

/** How to read the table's figures, and how often a verdict may be wrong. */
export function legend(metrics: readonly MetricResult[]): string {
  return `A point (pts) is one hundredth of a score, which runs from 0 to 1.${levelText(metrics)}${errorRateText(metrics)}`;
}
