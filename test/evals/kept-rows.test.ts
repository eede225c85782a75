import { describe, expect, it } from "vitest";
import type { ScoreRow } from "../../src/domain/scores.ts";
import { sharingRows } from "../../src/evals/kept-rows.ts";

function aRow(index: number, score: number | null): ScoreRow {
  return {
    id: `case-${index}`,
    sample: 0,
    scores: { answered: score },
    measures: { latency: index, cost: null },
  };
}

describe("rows that are kept", () => {
  it("are what they were, and share equal scores and measures", () => {
    const keep = sharingRows();
    const [first, same, other] = [aRow(1, 1), { ...aRow(1, 1), id: "case-2" }, aRow(3, null)];
    const kept = [first, same, other].map(keep);
    expect(kept).toEqual([first, same, other]);
    expect(kept[1]?.scores).toBe(kept[0]?.scores);
    expect(kept[1]?.measures).toBe(kept[0]?.measures);
    expect(kept[2]?.scores).not.toBe(kept[0]?.scores);
  });

  it("keep judges and group, and have no measures where they had none", () => {
    const row: ScoreRow = { id: "a", sample: 1, group: "g", scores: {}, judges: {} };
    expect(sharingRows()(row)).toStrictEqual(row);
  });

  it("may all be different", () => {
    const keep = sharingRows();
    const rows = Array.from({ length: 3_000 }, (_, index) => aRow(index, index / 3_000));
    expect(rows.map(keep)).toEqual(rows);
  });
});
