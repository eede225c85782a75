import { describe, expect, it } from "vitest";
import { textDigest } from "../../src/domain/digest.ts";
import type { ChangeFinding, Tier } from "../../src/domain/tier.ts";
import { decideTier, declaredTier, requiredTier } from "../../src/gate/required-tier.ts";

function aFinding(tier: Tier): ChangeFinding {
  return { tier, path: "messages[0]", message: `a ${tier} thing happened` };
}

function decide(
  baseline: string | null,
  candidate: string,
  tiers: Tier[],
  { override = null, sameContent = false }: { override?: Tier | null; sameContent?: boolean } = {},
) {
  return decideTier({
    baseline: baseline === null ? null : { version: baseline, digest: textDigest("old") },
    candidate: { version: candidate, digest: textDigest(sameContent ? "old" : "new") },
    findings: tiers.map(aFinding),
    override,
  });
}

describe("requiredTier", () => {
  it.each<[Tier[], Tier | null]>([
    [[], null],
    [["patch"], "patch"],
    [["patch", "minor", "patch"], "minor"],
    [["minor", "major", "patch"], "major"],
  ])("of %j is %s", (tiers, expected) => {
    expect(requiredTier(tiers.map(aFinding))).toBe(expected);
  });
});

describe("declaredTier", () => {
  it.each<[string, string, Tier | null]>([
    ["2.3.1", "2.3.2", "patch"],
    ["2.3.1", "2.4.0", "minor"],
    ["2.3.1", "2.10.7", "minor"],
    ["2.3.1", "3.0.0", "major"],
    ["0.3.1", "0.4.0", "minor"],
    ["2.3.1", "2.3.1", null],
    ["2.3.1", "2.3.0", null],
    ["2.3.1", "1.9.9", null],
  ])("of %s -> %s is %s", (baseline, candidate, expected) => {
    expect(declaredTier(baseline, candidate)).toBe(expected);
  });
});

describe("decideTier", () => {
  it.each<[string, string, Tier[], Tier]>([
    ["2.3.1", "2.3.2", ["patch"], "patch"],
    ["2.3.1", "2.4.0", ["minor", "patch"], "minor"],
    ["2.3.1", "2.4.0", ["patch"], "minor"],
    ["2.3.1", "3.0.0", ["patch"], "major"],
  ])("accepts %s -> %s for %j and applies %s", (baseline, candidate, tiers, applied) => {
    expect(decide(baseline, candidate, tiers)).toMatchObject({ applied, violation: null });
  });

  it("refuses a version number that declares less than the change asks for, and names the finding", () => {
    expect(decide("2.3.1", "2.3.2", ["patch", "minor"])).toMatchObject({
      declared: "patch",
      required: "minor",
      applied: "minor",
      violation:
        "2.3.1 -> 2.3.2 declares a patch change, but this is a minor one (a minor thing happened); bump the version: 2.3.1 -> at least 2.4.0",
    });
  });

  it.each([
    ["2.3.1", "2.3.1", "2.4.0"],
    ["2.3.1", "2.2.9", "2.4.0"],
  ])("refuses other content under %s -> %s", (baseline, candidate, atLeast) => {
    const decision = decide(baseline, candidate, ["minor"]);
    expect(decision.declared).toBeNull();
    expect(decision.violation).toContain(`${baseline} -> ${candidate} is no higher version`);
    expect(decision.violation).toContain(`at least ${atLeast}`);
  });

  it("asks for the strictest when content differs and nobody says how", () => {
    expect(decide("2.3.1", "2.4.0", []).violation).toContain("at least 3.0.0");
  });

  it.each(["2.3.1", "2.3.0", "2.3.2"])("has nothing against the same content as %s", (version) => {
    const decision = decide("2.3.1", version, [], { sameContent: true });
    expect(decision).toMatchObject({ required: null, applied: "patch", violation: null });
  });

  it("holds the same content to the tier of a changed model", () => {
    expect(decide("2.3.1", "2.3.1", ["major"], { sameContent: true })).toMatchObject({
      applied: "major",
      violation: null,
    });
  });

  it("holds a first version, where all is new, to the strictest policy", () => {
    expect(decide(null, "1.0.0", [])).toEqual({
      declared: null,
      required: null,
      applied: "major",
      findings: [],
      violation: null,
    });
  });

  it("lets a caller raise the tier", () => {
    expect(decide("2.3.1", "2.3.2", ["patch"], { override: "major" }).applied).toBe("major");
  });

  it.each<[Tier, string, Tier[]]>([
    ["patch", "2.4.0", ["minor"]],
    ["minor", "2.4.0", ["major"]],
    ["patch", "2.4.0", ["patch"]],
  ])("lets nobody lower it: --tier %s for %s with %j", (override, candidate, tiers) => {
    expect(() => decide("2.3.1", candidate, tiers, { override })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });

  it("says why a first version cannot be held to less", () => {
    expect(() => decide(null, "1.0.0", [], { override: "minor" })).toThrow(
      "--tier minor is below major, which this change needs (there is no baseline, so everything is new)",
    );
  });

  it("raises the tier without excusing the version number", () => {
    expect(decide("2.3.1", "2.3.2", ["minor"], { override: "major" }).violation).toContain("2.4.0");
  });
});
