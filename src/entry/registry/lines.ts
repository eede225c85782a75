import { visible } from "../../domain/visible.ts";
import { displayWidth, padEnd } from "../../report/layout.ts";

/** `2026-11-20T10:00Z`: a time as people need it, in UTC. */
export function minute(timestamp: string): string {
  const time = Date.parse(timestamp);
  return Number.isNaN(time) ? visible(timestamp) : `${new Date(time).toISOString().slice(0, 16)}Z`;
}

/** Rows as aligned columns, two spaces between them; cells are made harmless and put on one line. */
export function alignedLines(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map((cell) => visible(cell).replace(/\s+/g, " ").trim()));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
    }
  }
  return cells.map((row) =>
    row
      .map((cell, column) => padEnd(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
