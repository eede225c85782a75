// Prints docs/judges.md's table of published judges from a folder with LLMBar's verdicts (judge_verdicts.csv):
// `node scripts/judge-table.mjs FOLDER`. The same figures as `judge calibrate`, over the five LLMBar subsets.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { importSource } from "./import-source.mjs";

const { calibrationFigures } = await importSource("src/entry/calibration/grade-labels.ts");

const SUBSETS = ["Natural", "Neighbor", "GPTInst", "GPTOut", "Manual"];
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("name the folder that holds judge_verdicts.csv");

const answer = (cell) => (cell === "1" ? 1 : cell === "2" ? 2 : null);
const text = (value) => (value === null ? "-" : value.toFixed(3));
const rubric = { name: "pairs", scale: { kind: "pairwise" }, criteria: [], threshold: null };

const groups = new Map();
for (const row of parse(readFileSync(join(folder, "judge_verdicts.csv")), { columns: true })) {
  if (!SUBSETS.includes(row.subset)) continue;
  const key = JSON.stringify([row.judge_model, row.judge_prompt]);
  const label = { kind: "pair", id: `${row.subset}-${row.case_id}`, human: answer(row.gold) };
  const answers = [{ asGiven: answer(row.winner_order_ab), reversed: answer(row.winner_order_ba) }];
  groups.set(key, [...(groups.get(key) ?? []), { kind: "pair", label, answers }]);
}

console.log("| judge | prompt | pairs | unusable | accuracy | order consistency | first-slot rate | kappa |");
console.log("|---|---|---|---|---|---|---|---|");
for (const [key, answered] of [...groups].sort(([left], [right]) => (left < right ? -1 : 1))) {
  const [model, prompt] = JSON.parse(key);
  const { n, unscored, accuracy, order, kappa } = calibrationFigures(answered, rubric).figures;
  const cells = [accuracy, order.consistency, order.firstSlotRate, kappa].map(text);
  console.log(`| ${[model, `\`${prompt}\``, n, unscored, ...cells].join(" | ")} |`);
}
