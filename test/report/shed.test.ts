import { describe, expect, it } from "vitest";
import { fit, type Section } from "../../src/report/shed.ts";

const verdict: Section = { name: "verdict", text: "PASS", keep: "always" };
const table: Section = { name: "table", text: "t".repeat(400), keep: "core" };
const small: Section = { name: "small", text: "s".repeat(100), keep: "detail" };
const large: Section = { name: "large", text: "l".repeat(300), keep: "detail" };

describe("fit", () => {
  it("keeps everything in its order when there is room", () => {
    expect(fit([verdict, large, table], 5_000, "Elsewhere.")).toBe(
      `PASS\n\n${large.text}\n\n${table.text}\n`,
    );
  });

  it("drops the largest detail first and names it", () => {
    const document = fit([verdict, small, large, table], 700, "Elsewhere.");
    expect(document).toBe(
      `PASS\n\n${small.text}\n\n${table.text}\n\n_Left out for length: large (300 characters)._ Elsewhere.\n`,
    );
  });

  it("drops core sections only after all details, and never the verdict", () => {
    const document = fit([verdict, small, large, table], 1, "Elsewhere.");
    expect(document).toBe(
      "PASS\n\n_Left out for length: large (300 characters), small (100 characters), table (400 characters)._ Elsewhere.\n",
    );
  });

  it("counts what it cannot name any more", () => {
    const many = Array.from({ length: 11 }, () => small);
    expect(fit([verdict, ...many], 1, "")).toContain("small (100 characters), 3 more sections._");
  });
});
