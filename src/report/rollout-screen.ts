import type { ReleaseDocument } from "../domain/release.ts";
import type { RolloutFreeze } from "../domain/rollout-decision.ts";
import type { RolloutRecord } from "../domain/rollout-record.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import type { RolloutPhase, RolloutStep } from "../domain/rollout.ts";
import { visibleLine } from "../domain/visible.ts";
import { hang } from "./layout.ts";
import { paint, type ConsoleOptions } from "./paint.ts";
import { metricLines } from "./rollout-table.ts";
import { spanText, weightText } from "./rollout-words.ts";

/** Everything that the screen of one rollout shows. */
export interface ScreenInput {
  readonly state: RolloutState;
  /** Newest first. */
  readonly history: readonly RolloutRecord[];
  readonly release: ReleaseDocument | null;
  readonly freeze: RolloutFreeze | null;
  /** The share of units, in 1/100,000, that the candidate is served now, and that was decided. */
  readonly weight: { readonly actual: number; readonly set: number };
  /** Milliseconds since 1970. */
  readonly now: number;
}

const PHASES: Readonly<
  Record<RolloutPhase, readonly [sign: string, word: string, tone: "green" | "red" | "yellow" | "cyan"]>
> = {
  queued: ["◷", "Queued", "cyan"],
  staging: ["▶", "Staging", "cyan"],
  canary: ["▶", "Canary", "cyan"],
  baking: ["▶", "Baking", "cyan"],
  completed: ["✔", "Completed", "green"],
  "rolled-back": ["✖", "Rolled back", "red"],
  aborted: ["✖", "Aborted", "red"],
  superseded: ["○", "Superseded", "yellow"],
};

/** `14:17Z` today, `11-20 14:17Z` before. */
function clockText(time: string, now: number): string {
  const at = new Date(time).toISOString();
  const isToday = at.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  return `${isToday ? "" : `${at.slice(5, 10)} `}${at.slice(11, 16)}Z`;
}

function statusLines({ state, history }: ScreenInput, { color, width }: ConsoleOptions): string[] {
  const { phase, hold, outcome } = state;
  const [latest] = history;
  const [sign, word, tone] = PHASES[phase];
  const message = outcome?.message ?? latest?.message ?? "not looked at yet";
  const isHeld = outcome === null && hold !== null;
  const status = `${isHeld ? "‖" : sign} ${word}${isHeld ? `, held: ${visibleLine(hold.reason)}` : ""}`;
  return [
    `${paint(color, "Status:", "dim")}    ${paint(color, status, isHeld ? "yellow" : tone, "bold")}`,
    ...hang("           ", visibleLine(message, 1000), width),
  ];
}

function stepText(input: ScreenInput, step: RolloutStep, index: number): string {
  const { state, now } = input;
  const share = step.weight === 0 ? step.name : weightText(step.weight);
  const isOver = index < state.step || state.phase === "completed";
  if (isOver && state.phase !== "queued") return `${share} ✔`;
  if (index > state.step || state.phase === "queued") return share;
  const ended = state.endedAt === null ? now : Date.parse(state.endedAt);
  const elapsed = spanText(ended - Date.parse(state.weightAppliedAt));
  const most = step.maxSoakMs === null ? "" : `, max ${spanText(step.maxSoakMs)}`;
  const isActive = state.endedAt === null;
  return `[${share} ${isActive ? "◌" : "✖"} ${elapsed} of ${spanText(step.minSoakMs)}${most}]`;
}

function headLines(input: ScreenInput, options: ConsoleOptions): string[] {
  const { state, weight, release, now } = input;
  const { strategy, step, candidate, stable } = state;
  const label = (text: string): string => paint(options.color, text, "dim");
  const set = weightText(weight.set);
  const actual = weightText(weight.actual);
  const differs = weight.set === weight.actual ? "" : "  (not as decided)";
  const steps = strategy.steps.map((each, index) => stepText(input, each, index)).join(" > ");
  return [
    `${label("Name:")}      ${visibleLine(state.prompt)}   ${label("Attempt:")} r${state.attempt}   ${label("Age:")} ${spanText(now - Date.parse(state.startedAt))}`,
    ...statusLines(input, options),
    `${label("Versions:")}  ${stable.version} (stable) -> ${candidate.version} (candidate)`,
    `${label("Weight:")}    set ${set}, actual ${actual}${differs}, generation ${release?.generation ?? 0}`,
    ...hang(
      "Step:      ",
      `${Math.min(step + 1, strategy.steps.length)}/${strategy.steps.length}  ${steps}`,
      options.width,
    ),
  ];
}

/** An hourly job that was missed twice does not run. */
const STALE_MS = 2 * 3_600_000;

function attentionLines({ state, freeze, now }: ScreenInput, { color, width }: ConsoleOptions): string[] {
  const isActive = state.endedAt === null;
  const since = now - Date.parse(state.lastTickAt);
  const looked = `Last look: ${clockText(state.lastTickAt, now)}, ${spanText(since)} ago`;
  const isStale = isActive && since > STALE_MS;
  const frozen =
    freeze === null || (freeze.until !== null && Date.parse(freeze.until) <= now)
      ? []
      : [
          `Frozen by ${freeze.by} since ${clockText(freeze.since, now)}${freeze.until === null ? "" : ` until ${clockText(freeze.until, now)}`}: ${freeze.reason}`,
        ];
  return [
    isStale
      ? paint(color, `${looked}: is the job that runs promptgate rollout advance still on?`, "red")
      : looked,
    ...frozen
      .flatMap((text) => hang("", visibleLine(text, 400), width))
      .map((text) => paint(color, text, "yellow")),
    ...(state.queued === null ? [] : [`Queue:     ${visibleLine(state.queued.version)} waits`]),
  ];
}

/** Looks that came to the same as the one before them are one line. */
function historyLines(
  { history, now }: ScreenInput,
  { color, width }: ConsoleOptions,
  limit: number,
): string[] {
  const rows: { first: RolloutRecord; last: RolloutRecord; count: number }[] = [];
  for (const record of history) {
    const row = rows.at(-1);
    const isSame =
      row !== undefined &&
      record.event === "held" &&
      row.last.event === "held" &&
      row.last.reason === record.reason &&
      row.last.rolloutId === record.rolloutId;
    if (isSame) Object.assign(row, { last: record, count: row.count + 1 });
    else if (rows.length === limit) break;
    else rows.push({ first: record, last: record, count: 1 });
  }
  if (rows.length === 0) return [];
  return [
    paint(color, "History:", "dim"),
    ...rows.flatMap(({ first, last, count }) => {
      const times =
        count === 1 ? clockText(first.at, now) : `${clockText(last.at, now)} to ${clockText(first.at, now)}`;
      const repeats = count === 1 ? "" : ` (${count} looks)`;
      const by = first.by === "scheduler" ? "" : ` by ${first.by}`;
      const what = first.event === "held" ? `hold ${first.reason}` : `${first.event} (${first.reason})`;
      return hang(
        "  ",
        visibleLine(`${times}  ${what} at ${weightText(first.weight)}${repeats}${by}`, 400),
        width,
      );
    }),
  ];
}

function measuredLines({ history, state }: ScreenInput, now: number, options: ConsoleOptions): string[] {
  const latest = history.find(({ metrics }) => metrics.length > 0);
  if (latest === undefined || latest.rolloutId !== state.rolloutId) return [];
  const { at, from, metrics, sampleRatio } = latest;
  const caption = `Measured in ${visibleLine(from.step, 40)} (${weightText(from.weight)}), ${clockText(at, now)}:`;
  return [paint(options.color, caption, "dim"), ...metricLines(metrics, sampleRatio, options), ""];
}

/** One screen about one rollout: where it is, why, what was measured, what was decided before, and the way out. */
export function renderRolloutScreen(input: ScreenInput, options: ConsoleOptions, history = 8): string {
  const { prompt } = input.state;
  const wayOut =
    input.weight.actual === 0
      ? []
      : [`Take it back: promptgate rollback ${visibleLine(prompt)} --reason TEXT`];
  return [
    ...headLines(input, options),
    ...attentionLines(input, options),
    "",
    ...measuredLines(input, input.now, options),
    ...historyLines(input, options, history),
    ...wayOut,
  ].join("\n");
}
