import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { excerpts } from "../../src/report/excerpt.ts";
import { displayWidth, hang, padEnd, padStart, wrap } from "../../src/report/layout.ts";

describe("displayWidth", () => {
  it.each([
    ["abc", 3],
    ["日本", 4],
    ["e\u0301", 1],
    ["🎉", 2],
    ["", 0],
  ])("counts the columns of %j", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it("pads to columns, not to characters", () => {
    expect(padEnd("日本", 6)).toBe("日本  ");
    expect(padStart("日本", 6)).toBe("  日本");
  });
});

describe("wrap", () => {
  it("breaks at spaces and hangs the following lines", () => {
    expect(hang("why: ", "one two three four", 16)).toEqual(["why: one two", "     three four"]);
  });

  it("loses no character and no line is too wide", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 10, max: 60 }), (text, width) => {
        const words = text.replace(/\s/g, " ");
        const lines = wrap(words, width);
        expect(lines.join("").replaceAll(" ", "")).toBe(words.replaceAll(" ", ""));
        expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("excerpts", () => {
  it("leaves short texts alone", () => {
    expect(excerpts("old", "new", 100)).toEqual({ baseline: "old", candidate: "new" });
  });

  it("starts shortly before the place where long texts part", () => {
    const same = "s".repeat(500);
    const { baseline, candidate } = excerpts(`${same}OLD${same}`, `${same}NEW${same}`, 100);
    expect(baseline).toBe(`…${"s".repeat(60)}OLD${"s".repeat(37)}…`);
    expect(candidate).toBe(`…${"s".repeat(60)}NEW${"s".repeat(37)}…`);
  });

  it("never cuts a character in two", () => {
    const same = "🎉".repeat(100);
    const { baseline } = excerpts(`x${same}OLD`, `x${same}NEW`, 70);
    expect(baseline).toMatch(/^…(?:🎉)+OLD$/u);
  });

  it("says nothing of an output that is not there", () => {
    expect(excerpts(null, "new", 100)).toEqual({ baseline: null, candidate: "new" });
  });
});
