import type { CommandContext } from "../context.ts";
import { visibleLine } from "../../domain/visible.ts";
import { weightText } from "../../report/rollout-words.ts";
import type { PromptTick } from "./advance-prompt.ts";
import type { AppliedDecision } from "./apply-decision.ts";
import { recordOf } from "./decision-record.ts";
import { corruptState } from "./order-rollout.ts";

type Write = "applied" | "lost_race" | "failed" | "dry_run";

function writeOf(applied: AppliedDecision | null): Write {
  if (applied === null) return "dry_run";
  return applied.kind === "lost-race" ? "lost_race" : applied.kind;
}

function faultLine(error: { readonly code: string; readonly message: string }): string {
  return visibleLine(`${error.code}: ${error.message}`, 600);
}

/** One look as `--json` prints it. */
export function tickDocument(tick: PromptTick): Readonly<Record<string, unknown>> {
  const { prompt, exitCode } = tick;
  if (tick.kind === "none") return { prompt, kind: "none", exitCode };
  if (tick.kind === "decided") {
    const { decision, applied } = tick;
    return {
      ...recordOf(decision, decision.entries.at(-1)?.by ?? "scheduler"),
      from: decision.from,
      warnings: [...decision.warnings, ...(applied?.kind === "applied" ? applied.notes : [])],
      write: writeOf(applied),
      written: applied?.written ?? [],
      error: applied?.kind === "failed" ? faultLine(applied.error) : null,
      exitCode,
    };
  }
  const error = tick.kind === "corrupt" ? corruptState(prompt, tick.reason) : tick.error;
  return { prompt, kind: tick.kind, error: faultLine(error), hint: error.hint ?? null, exitCode };
}

const SIGNS = { none: "=", hold: "‖", advance: "▶", rollback: "✖" } as const;

function endings(applied: AppliedDecision | null): string[] {
  if (applied === null) return ["  dry run: nothing was written"];
  switch (applied.kind) {
    case "applied":
      return applied.notes.map((note) => `  note: ${note}`);
    case "lost-race":
      return [`  lost race: somebody else wrote the ${applied.what} first; the next look sees what they did`];
    case "failed":
      return [
        `  FAILED at the ${applied.what}: ${faultLine(applied.error)}`,
        `  written before: ${applied.written.join(", ") || "nothing"}; the next look finishes it`,
      ];
  }
}

/** One look as people read it. */
export function tickLines(tick: PromptTick): string[] {
  const { prompt } = tick;
  if (tick.kind === "none") return [`${prompt}: no rollout`];
  if (tick.kind === "decided") {
    const { decision, applied } = tick;
    const { action, event, reason, message, to, warnings } = decision;
    const word = action === "hold" && event === "held" ? "hold" : event;
    return [
      `${SIGNS[action]} ${prompt} ${word} at ${to.step} (${weightText(to.weight)}): ${reason}`,
      `  ${message}`,
      ...warnings.map((warning) => `  warning: ${warning}`),
      ...endings(applied),
    ];
  }
  const error = tick.kind === "corrupt" ? corruptState(prompt, tick.reason) : tick.error;
  return [
    `⚠ ${prompt} could not be looked at: ${faultLine(error)}`,
    ...(error.hint === undefined ? [] : [`  hint: ${visibleLine(error.hint, 600)}`]),
  ];
}

/** Says on standard error what no one may miss although `--json` was asked for. */
export function warnOfFault({ log }: Pick<CommandContext, "log">, tick: PromptTick): void {
  if (tick.kind === "corrupt" || tick.kind === "failed") for (const line of tickLines(tick)) log.warn(line);
}
