import { describe, expect, it } from "vitest";
import { seededRandom, shuffled } from "../../src/stats/random.ts";

function take(seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: 5 }, () => random());
}

describe("the seeded stream", () => {
  it("is the same for the same seed and another one for others", () => {
    expect(take(42)).toEqual(take(42));
    const firsts = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map((seed) => take(seed)[0]);
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it("fills [0,1) evenly", () => {
    const random = seededRandom(9);
    const counts = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (let draw = 0; draw < 100_000; draw += 1) {
      const value = random();
      expect(value >= 0 && value < 1).toBe(true);
      counts[Math.floor(value * 10)] = (counts[Math.floor(value * 10)] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it("shuffles without losing anything, and leaves the list alone", () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    const mixed = shuffled(items, seededRandom(1));
    expect(mixed).not.toEqual(items);
    expect([...mixed].sort((a, b) => a - b)).toEqual(items);
    expect(shuffled(items, seededRandom(1))).toEqual(mixed);
  });

  it("gives every place the same chance", () => {
    const random = seededRandom(2);
    const firsts = new Map<string, number>();
    for (let run = 0; run < 6_000; run += 1) {
      const order = shuffled(["a", "b", "c"], random).join("");
      firsts.set(order, (firsts.get(order) ?? 0) + 1);
    }
    expect(firsts.size).toBe(6);
    for (const count of firsts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
