import { describe, expect, it } from "vitest";
import { boundedCache } from "../../../src/evals/checks/bounded-cache.ts";

describe("the bounded cache", () => {
  it("makes a value once and forgets the one unused for longest", () => {
    const made: string[] = [];
    const cached = boundedCache<string>(2);
    const get = (key: string) =>
      cached(key, () => {
        made.push(key);
        return key.toUpperCase();
      });
    expect([get("a"), get("b"), get("a"), get("c"), get("a"), get("b")]).toEqual([
      "A",
      "B",
      "A",
      "C",
      "A",
      "B",
    ]);
    expect(made).toEqual(["a", "b", "c", "b"]);
  });

  it("does not remember a failure", () => {
    const cached = boundedCache<number>(2);
    expect(() => cached("a", () => JSON.parse("no") as number)).toThrow(SyntaxError);
    expect(cached("a", () => 1)).toBe(1);
  });
});
