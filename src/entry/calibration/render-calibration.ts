import type { AgreementFigures, BoundedShare, Calibration } from "../../domain/calibration.ts";
import { visibleLine } from "../../domain/visible.ts";
import { hang, padEnd, wrap } from "../../report/layout.ts";
import { paint, type ConsoleOptions } from "../../report/paint.ts";

const NOTHING = "not measured";

function number(value: number | null): string {
  return value === null ? NOTHING : value.toFixed(3);
}

function bounded(share: BoundedShare | null): string {
  return share === null
    ? NOTHING
    : `${share.value.toFixed(3)} (${share.low.toFixed(3)} to ${share.high.toFixed(3)}, 95 %)`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

type Row = readonly [name: string, text: string];

function orderRows({ order }: AgreementFigures): Row[] {
  if (order === null) return [];
  return [
    ["order consistency", number(order.consistency)],
    ["same in both orders", percent(order.positionalAgreement)],
    [
      "accuracy by order",
      `${percent(order.accuracyAsGiven)} as given, ${percent(order.accuracyReversed)} reversed`,
    ],
    ["first-slot rate", number(order.firstSlotRate)],
  ];
}

function figureRows(figures: AgreementFigures): Row[] {
  const { n, positives, negatives, unscored, accuracy, retest } = figures;
  const sides = figures.order === null ? "good, not good" : "first better, second better";
  return [
    ["labels", `${n} (${positives} and ${negatives}: ${sides})`],
    ["unusable answers", unscored === 0 ? "none" : `${unscored} (${percent(unscored / n)})`],
    ["accuracy", percent(accuracy)],
    ["kappa", number(figures.kappa)],
    ...(figures.weightedKappa === null ? [] : [["weighted kappa", number(figures.weightedKappa)] as const]),
    ["Gwet's AC1", number(figures.ac1)],
    ["sensitivity", bounded(figures.sensitivity)],
    ["specificity", bounded(figures.specificity)],
    ["Youden's J", number(figures.youden)],
    ...orderRows(figures),
    [
      "test-retest",
      retest === null ? NOTHING : `${retest.flips} of ${retest.comparisons} repeated answers differ`,
    ],
  ];
}

function renderRows(rows: readonly Row[], { width }: ConsoleOptions): string[] {
  return rows.flatMap(([name, text]) => hang(`  ${padEnd(name, 20)} `, text, width));
}

/** Calibration for a person, the verdict first. `record` is where it was kept; null = it was not. */
export function renderCalibration(
  calibration: Calibration,
  record: string | null,
  options: ConsoleOptions,
): string {
  const { rubric, admitted, obstacles, judge, labels, figures, criteria } = calibration;
  const verdict = paint(
    options.color,
    admitted ? " admitted " : " advisory ",
    "bold",
    "inverse",
    admitted ? "green" : "yellow",
  );
  const who =
    judge === null
      ? "answers made elsewhere"
      : judge.models.map(({ provider, model }) => `${provider} ${visibleLine(model, 80)}`).join(", ");
  const meaning = admitted
    ? "This judge agrees with people well enough for its metric to decide."
    : "This judge's metric should not decide:";
  const kept =
    record === null
      ? "No record is kept: answers made elsewhere speak for no judge of this project."
      : `Kept in ${visibleLine(record, 200)}: commit it with the rubric. A change of the model or the rubric makes it void.`;
  const lines = [
    `${verdict} ${paint(options.color, `${visibleLine(rubric, 100)}, ${who}`, "bold")}`,
    ...wrap(meaning, options.width),
    ...obstacles.flatMap((obstacle) => hang("- ", obstacle, options.width)),
    "",
    ...renderRows(figureRows(figures), options),
    ...criteria.flatMap(({ id, figures }) => [
      "",
      paint(options.color, `criterion ${visibleLine(id, 100)}`, "bold"),
      ...renderRows(figureRows(figures), options),
    ]),
    "",
    ...wrap(`Labels: ${labels.file}. ${kept}`, options.width).map((line) =>
      paint(options.color, line, "dim"),
    ),
  ];
  return `${lines.join("\n")}\n`;
}
