import { describe, expect, it } from "vitest";
import { errorRate, HOUR, latency, quality, START } from "../contracts/metrics-requests.ts";
import { aLine, hourOf, many, observe, type LineChanges } from "./a-log.ts";

function unit(name: string, changes: LineChanges = {}): string {
  return aLine({ unit: name, ...changes });
}

describe("values", () => {
  const cost = { name: "cost", kind: "mean", transform: "ln" } as const;
  const refused = { name: "refused", kind: "proportion", transform: "none" } as const;
  const metrics = [quality, errorRate, latency, cost, refused];

  it.each([
    ["quality", { scores: { quality: "0.5" } }, "a score is not a number"],
    ["quality", { scores: [0.5] }, "scores is not a mapping"],
    ["error_rate", { error: "timeout" }, "error is neither true nor false"],
    ["latency", { latencyMs: -1 }, "latencyMs is negative"],
    ["latency", { latencyMs: 0 }, "a logarithm needs a number above 0"],
    ["cost", { costUsd: 0 }, "a logarithm needs a number above 0"],
    ["cost", { costUsd: true }, "costUsd is not a number"],
    ["refused", { scores: { refused: 0.5 } }, "a share counts true and false, or 1 and 0"],
  ])("that cannot be make the hour of %s invalid: %j", async (metric, changes, reason) => {
    const good = many(50, { scores: { quality: 0.5, refused: 0 }, latencyMs: 9, costUsd: 0.001 });
    const observed = await observe(good + aLine(changes), { metrics });
    expect(hourOf(observed, metric)).toEqual({ kind: "invalid", reason });
    const invalid = observed.observations.filter(({ sample }) => sample.kind === "invalid");
    expect(new Set(invalid.map((one) => one.metric)).size).toBe(
      "scores" in changes && Array.isArray(changes.scores) ? 2 : 1,
    );
  });

  it("beyond all numbers are none", async () => {
    const line = aLine({ latencyMs: 7 }).replace('"latencyMs":7', '"latencyMs":1e999');
    expect(hourOf(await observe(line), "latency")).toEqual({
      kind: "invalid",
      reason: "latencyMs is not a number",
    });
  });

  it("that are missing or null are no data for that request alone", async () => {
    const log =
      aLine({ scores: { quality: 1 } }) + aLine({ scores: {} }) + aLine({ scores: null, error: null });
    const observed = await observe(log);
    expect(hourOf(observed, "quality")).toMatchObject({ n: 1, mean: 1 });
    expect(hourOf(observed, "error_rate")).toMatchObject({ n: 2, errors: 0 });
    expect(hourOf(observed, "latency")).toBeUndefined();
    expect(observed.assignments).toMatchObject([{ n: 3 }]);
  });

  it("under inherited names are no data", async () => {
    const constructor = { name: "constructor", kind: "mean", transform: "none" } as const;
    const proto = { name: "__proto__", kind: "mean", transform: "none" } as const;
    expect((await observe(aLine(), { metrics: [constructor, proto] })).observations).toEqual([]);
  });

  it("are shares where the strategy says so", async () => {
    const log = aLine({ scores: { refused: true } }) + aLine({ scores: { refused: 0 } });
    expect(hourOf(await observe(log, { metrics }), "refused")).toEqual({
      kind: "proportion",
      n: 2,
      errors: 1,
    });
  });
});

describe("units", () => {
  it("give the mean over requests the variance of the ratio estimator", async () => {
    // x: 0.2, 0.4, 0.9; y: 0.5; z: 0.7, 0.1 -> N 6, T 2.8, R 7/15; residuals 0.1, 1/30, -2/15.
    const scores = { x: [0.2, 0.4, 0.9], y: [0.5], z: [0.7, 0.1] };
    const log = Object.entries(scores).flatMap(([name, values]) =>
      values.map((value) => unit(name, { scores: { quality: value } })),
    );
    const squares = 0.1 ** 2 + (1 / 30) ** 2 + (2 / 15) ** 2;
    const varianceOfMean = ((3 / 2) * squares) / 36;
    expect(hourOf(await observe(log.join("")), "quality")).toEqual({
      kind: "mean",
      n: 3,
      mean: expect.closeTo(7 / 15, 12),
      variance: expect.closeTo(varianceOfMean * 3, 12),
    });
  });

  it("that fail again and again count for little more than one", async () => {
    const others = Array.from({ length: 500 }, (_, index) => unit(`u${index}`)).join("");
    const stuck = Array.from({ length: 50 }, () => unit("stuck", { error: true })).join("");
    const sample = hourOf(await observe(others + stuck), "error_rate");
    if (sample?.kind !== "proportion") throw new Error("expected a share");
    expect(sample.errors / sample.n).toBeCloseTo(50 / 550, 9);
    expect(sample.errors).toBeGreaterThan(0.9);
    expect(sample.errors).toBeLessThan(1.5);
  });

  it("whose requests fail independently count with nearly all requests", async () => {
    const log = Array.from({ length: 2000 }, (_, index) =>
      unit(`u${index % 100}`, { error: (index * 7919) % 2000 < 100 }),
    );
    const sample = hourOf(await observe(log.join("")), "error_rate");
    if (sample?.kind !== "proportion") throw new Error("expected a share");
    expect(sample.errors / sample.n).toBeCloseTo(0.05, 9);
    expect(sample.n).toBeGreaterThan(1000);
    expect(sample.n).toBeLessThanOrEqual(2000);
  });

  it("count once each where no request fails, as nothing tells how alike they are", async () => {
    const log = Array.from({ length: 60 }, (_, index) => unit(`u${index % 20}`)).join("");
    expect(hourOf(await observe(log), "error_rate")).toEqual({ kind: "proportion", n: 20, errors: 0 });
  });

  it("may be numbers, and are none when empty", async () => {
    const log =
      aLine({ unit: 7 }) +
      aLine({ unit: "7" }) +
      aLine({ unit: "" }) +
      aLine({ unit: null }) +
      aLine({ unit: {} });
    const observed = await observe(log);
    expect(observed.assignments).toEqual([{ version: "1.0.0", bucket: START, n: 1, newUnits: 1 }]);
    expect(observed.notes).toEqual([
      {
        kind: "unassigned",
        count: 3,
        message: "3 of 5 requests name no unit and were left out, as others name one",
      },
    ]);
  });

  it("that were served both versions stay in both and are told", async () => {
    const observed = await observe(
      unit("a") + unit("a", { version: "2.0.0" }) + unit("b") + unit("c", { version: "2.0.0" }),
    );
    expect(observed.assignments.map(({ n }) => n)).toEqual([2, 2]);
    expect(observed.notes).toEqual([
      { kind: "several-versions", count: 1, message: "1 of 3 units were served more than one version" },
    ]);
  });

  it("belong to their earliest bucket in whatever order the lines stand", async () => {
    const later = unit("a", { at: "2026-11-20T10:30:00Z", scores: { quality: 1 } });
    const observed = await observe(later + unit("a", { scores: { quality: 0 } }));
    expect(hourOf(observed, "quality")).toMatchObject({ n: 1, mean: 0.5 });
    expect(hourOf(observed, "quality", 1)).toBeUndefined();
    expect(
      observed.assignments.map(({ bucket, n, newUnits }) => [(bucket - START) / HOUR, n, newUnits]),
    ).toEqual([
      [0, 1, 1],
      [1, 1, 0],
    ]);
  });

  it("and versions may be called anything", async () => {
    const names = ["__proto__", "constructor", "\u0000", "a b", "\u202e"];
    const log = names.map((name) => unit(name, { version: "1.0.0" })).join("");
    expect((await observe(log)).assignments).toMatchObject([{ n: 5 }]);
    expect(
      (await observe(aLine({ version: "__proto__" }), { versions: ["__proto__"] })).assignments,
    ).toMatchObject([{ version: "__proto__", n: 1 }]);
  });
});
