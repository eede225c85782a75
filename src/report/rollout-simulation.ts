import type { RolloutPhase } from "../domain/rollout.ts";
import { visibleLine } from "../domain/visible.ts";
import { padEnd } from "./layout.ts";
import { weightText } from "./rollout-words.ts";

/** A replay, as far as it is told; `final` is where it ended. */
interface SimulationShape {
  readonly decisions: readonly {
    readonly at: string;
    readonly action: string;
    readonly reason: string;
    readonly message: string;
    readonly step: string;
    readonly weight: number;
  }[];
  readonly final: { readonly phase: RolloutPhase; readonly step: string; readonly weight: number };
}

/** A table of the looks of a replay; those in a row that came to the same are one line. */
export function renderSimulation({ decisions, final }: SimulationShape): string {
  const rows: { at: string; what: string; step: string; message: string; count: number }[] = [];
  for (const { at, action, reason, message, step, weight } of decisions) {
    const what = `${action} ${visibleLine(reason, 60)}`;
    const row = rows.at(-1);
    const place = `${visibleLine(step, 40)} ${weightText(weight)}`;
    if (row !== undefined && action === "hold" && row.what === what && row.step === place)
      Object.assign(row, { count: row.count + 1, message });
    else rows.push({ at, what, step: place, message, count: 1 });
  }
  const width = (key: "what" | "step"): number => Math.max(8, ...rows.map((row) => row[key].length));
  return [
    `${padEnd("AT", 17)}  ${padEnd("DECISION", width("what"))}  ${padEnd("STEP", width("step"))}  LOOKS  WHY`,
    ...rows.map(({ at, what, step, message, count }) =>
      [
        `${at.slice(0, 16)}Z`,
        padEnd(what, width("what")),
        padEnd(step, width("step")),
        padEnd(String(count), 5),
        visibleLine(message, 300),
      ].join("  "),
    ),
    `At the end: ${final.phase}, ${visibleLine(final.step, 40)}, ${weightText(final.weight)}`,
  ].join("\n");
}
