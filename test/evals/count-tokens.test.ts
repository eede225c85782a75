import { describe, expect, it } from "vitest";
import { countTokens } from "../../src/evals/count-tokens.ts";

describe("counting tokens", () => {
  it.each([
    ["", 0],
    ["hello world", 2],
    ["Hello, world!", 4],
    ["<|endoftext|>", 7],
  ])("%j has %i in o200k_base", (text, expected) => {
    expect(countTokens(text)).toBe(expected);
  });

  it("counts 100,000 letters without a break within an eighth of what eight letters a token make", () => {
    const count = countTokens("a".repeat(100_000));
    expect(count).toBeGreaterThan(100_000 / 9);
    expect(count).toBeLessThan(100_000 / 7);
  });

  it("cuts no character in two", () => {
    expect(countTokens("a😀".repeat(100))).toBeGreaterThanOrEqual(200);
    expect(countTokens("a😀".repeat(100))).toBeLessThan(400);
  });
});
