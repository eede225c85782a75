import { describe, expect, it } from "vitest";
import { versionsByNumber, type PromptRow } from "../../src/http/langfuse-prompts.ts";

function row(version: number, prompt: string, config: unknown): PromptRow {
  return { name: "greeter", version, type: "text", prompt, config, labels: [] };
}

function ours(version: string): object {
  return { model: "m", promptgate: { schema: "promptgate/version@1", version } };
}

describe("the versions behind Langfuse's numbers", () => {
  it("are the published ones, and 0.0.n for those made by hand", () => {
    const rows = [row(1, "One.", ours("1.0.0")), row(2, "By hand.", {}), row(3, "Two.", ours("1.1.0"))];
    expect([...versionsByNumber(rows)]).toEqual([
      [1, "1.0.0"],
      [2, "0.0.2"],
      [3, "1.1.0"],
    ]);
  });

  it.each([
    ["text", row(2, "Edited.", ours("1.0.0"))],
    ["model", row(2, "One.", { ...ours("1.0.0"), model: "other" })],
  ])("give a copy whose %s was edited to who edited it", (_, edited) => {
    const rows = [row(1, "One.", ours("1.0.0")), edited];
    expect([...versionsByNumber(rows)]).toEqual([
      [1, "1.0.0"],
      [2, "0.0.2"],
    ]);
  });

  it("leave out the younger of two that are the same", () => {
    const rows = [row(1, "One.", ours("1.0.0")), row(2, "One.", ours("1.0.0"))];
    expect([...versionsByNumber(rows)]).toEqual([[1, "1.0.0"]]);
  });
});
