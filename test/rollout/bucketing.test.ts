import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { FULL_WEIGHT } from "../../src/domain/release.ts";
import { bucket, isCanary, isHeldBack, isSalt } from "../../src/rollout/bucketing.ts";
import vectors from "../../schema/bucketing-vectors.json" with { type: "json" };

const salts = fc.stringMatching(/^[A-Za-z0-9._-]{1,80}$/);
const weights = fc.integer({ min: 0, max: FULL_WEIGHT });

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variantOf(position: number, weight: number, holdback: number): string {
  if (isCanary(position, weight)) return "canary";
  return isHeldBack(position, holdback) ? "holdback" : "stable";
}

describe("the published vectors", () => {
  it.each(vectors.buckets)("puts $unit under $salt into $bucket", ({ salt, unit, u32, bucket: expected }) => {
    expect(Math.floor((Number.parseInt(u32, 16) * 100_000) / 2 ** 32)).toBe(expected);
    expect(bucket(salt, unit)).toBe(expected);
  });

  it.each(vectors.variants)(
    "gives bucket $bucket at weight $weight and holdback $holdback: $variant",
    (row) => {
      expect(variantOf(row.bucket, row.weight, row.holdback)).toBe(row.variant);
    },
  );

  it("writes the pattern of a salt as the code has it", () => {
    const pattern = new RegExp(vectors.saltPattern);
    for (const salt of vectors.invalidSalts) expect(isSalt(salt)).toBe(pattern.test(salt));
  });
});

describe("any unit", () => {
  it("is hashed as UTF-8, also with halves of characters in it", () => {
    const halves = fc
      .array(fc.integer({ min: 0, max: 0xffff }))
      .map((codes) => String.fromCharCode(...codes));
    const units = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), halves);
    fc.assert(
      fc.property(salts, units, (salt, unit) => {
        const word = createHash("sha256").update(`${salt}:${unit}`, "utf8").digest().readUInt32BE(0);
        return bucket(salt, unit) === Number((BigInt(word) * 100_000n) >> 32n);
      }),
    );
  });
});

describe("bucket", () => {
  it.each(vectors.invalidSalts)("refuses %j as a salt", (salt) => {
    expect(() => bucket(salt, "user-1")).toThrow(RangeError);
  });

  it("stays within 0 and 99,999", () => {
    fc.assert(
      fc.property(salts, fc.string(), (salt, unit) => {
        const position = bucket(salt, unit);
        expect(Number.isInteger(position) && position >= 0 && position < FULL_WEIGHT).toBe(true);
      }),
    );
  });

  it("keeps everybody in the canary as the weight rises", () => {
    fc.assert(
      fc.property(salts, fc.string(), weights, weights, (salt, unit, one, other) => {
        const position = bucket(salt, unit);
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        expect(!isCanary(position, low) || isCanary(position, high)).toBe(true);
        expect(!isHeldBack(position, low) || isHeldBack(position, high)).toBe(true);
      }),
    );
  });

  it("gives nobody the candidate at weight 0 and everybody at 100,000", () => {
    fc.assert(
      fc.property(salts, fc.string(), (salt, unit) => {
        const position = bucket(salt, unit);
        expect([isCanary(position, 0), isCanary(position, FULL_WEIGHT)]).toEqual([false, true]);
        expect([isHeldBack(position, 0), isHeldBack(position, FULL_WEIGHT)]).toEqual([false, true]);
      }),
    );
  });

  it("never puts a unit into the canary and the holdback while both shares fit", () => {
    fc.assert(
      fc.property(salts, fc.string(), weights, weights, (salt, unit, weight, other) => {
        const position = bucket(salt, unit);
        const holdback = Math.min(other, FULL_WEIGHT - weight);
        expect(isCanary(position, weight) && isHeldBack(position, holdback)).toBe(false);
      }),
    );
  });
});

describe("many units", () => {
  const COUNT = 200_000;
  const positionsOf = (salt: string): number[] =>
    Array.from({ length: COUNT }, (_, index) => bucket(salt, `user-${index}`));

  it.each(["support-triage.r7", "a", "x".repeat(80)])("fall evenly into 20 slices under %s", (salt) => {
    const slices = Array.from({ length: 20 }, () => 0);
    for (const position of positionsOf(salt)) slices[Math.floor(position / 5000)]! += 1;
    const expected = COUNT / 20;
    const chiSquare = slices.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // The 99.9 % quantile of chi-square with 19 degrees of freedom.
    expect(chiSquare).toBeLessThan(43.82);
  });

  it("are dealt anew by another salt", () => {
    const one = positionsOf("support-triage.r7");
    const other = positionsOf("support-triage.r8");
    const [meanOne, meanOther] = [mean(one), mean(other)];
    const covariance = mean(one.map((value, index) => (value - meanOne) * (other[index]! - meanOther)));
    const deviation = (values: readonly number[], center: number): number =>
      Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
    const correlation = covariance / (deviation(one, meanOne) * deviation(other, meanOther));
    expect(Math.abs(correlation)).toBeLessThan(0.01);
  });
});
