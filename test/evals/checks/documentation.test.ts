import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { checks } from "../../../src/evals/checks/index.ts";
import { issuesOf } from "./a-subject.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/checks.md"), "utf8");
const rows = Array.from(page.matchAll(/^\| `([a-z-]+)` \|.*\| `(\{ type: .*\})` \|$/gm), (match) => ({
  type: match[1] ?? "",
  example: match[2] ?? "",
}));

describe("docs/checks.md", () => {
  it("has a row for every check, in the order of the table", () => {
    expect(rows.map(({ type }) => type)).toEqual(Object.keys(checks));
  });

  it.each(rows)("gives an example of $type that can be copied", ({ type, example }) => {
    const raw = parse(example) as { type: string };
    expect(raw.type.replace(/^not-/, "")).toBe(type);
    expect(issuesOf(raw)).toEqual([]);
  });
});
