import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";

/** Where the published verdicts are, if they are. */
export const llmbarFolder = join(import.meta.dirname, "../../../../shared/data/llmbar");

export function hasLlmbar(): boolean {
  return existsSync(join(llmbarFolder, "judge_verdicts.csv"));
}

type Row = Readonly<Record<string, string>>;

function readTable(file: string): Row[] {
  return parse(readFileSync(join(llmbarFolder, file)), { columns: true });
}

function answer(cell: string | undefined): 1 | 2 | null {
  return cell === "1" ? 1 : cell === "2" ? 2 : null;
}

/** One line of a labels file from one published verdict. */
function labelOf(row: Row): Record<string, unknown> {
  return {
    id: `${row["subset"]}-${row["case_id"]}`,
    human: answer(row["gold"]),
    verdict_ab: answer(row["winner_order_ab"]),
    verdict_ba: answer(row["winner_order_ba"]),
  };
}

function groupOf(row: Row): string {
  return [row["subset"], row["judge_model"], row["judge_prompt"]].join(" ");
}

/** Labels by subset, judge model and judge prompt. */
export function llmbarLabels(): Map<string, Record<string, unknown>[]> {
  const groups = new Map<string, Record<string, unknown>[]>();
  for (const row of readTable("judge_verdicts.csv")) {
    const group = groups.get(groupOf(row)) ?? [];
    group.push(labelOf(row));
    groups.set(groupOf(row), group);
  }
  return groups;
}

/** What the source says itself, in percent as printed. */
export function llmbarPublished(): { readonly group: string; readonly row: Row }[] {
  return readTable("published_statistics.csv").map((row) => ({ group: groupOf(row), row }));
}
