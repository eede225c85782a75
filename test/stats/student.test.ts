import { describe, expect, it } from "vitest";
import { studentQuantile, studentToNormal, studentUpperTail } from "../../src/stats/student.ts";
import { vectors } from "./vectors.ts";

describe("Student's t", () => {
  it("has the quantile of the vector", () => {
    expect(studentQuantile(0.975, 9)).toBeCloseTo(vectors.paired.t975_9, 6);
  });

  it.each([
    [1, 0.975, 12.706204736],
    [3, 0.95, 2.353363435],
    [30, 0.05, -1.697260887],
    [1e6, 0.975, 1.959966356],
  ])("with %d degrees has the quantile of %d", (degrees, p, t) => {
    expect(studentQuantile(p, degrees)).toBeCloseTo(t, 6);
    expect(studentUpperTail(t, degrees)).toBeCloseTo(1 - p, 7);
  });

  it("is brought to the normal scale by Wallace's formula", () => {
    expect(studentToNormal(2, 19)).toBeCloseTo(1.8807, 4);
    expect(studentToNormal(-2, 19)).toBeCloseTo(-1.8807, 4);
  });
});
