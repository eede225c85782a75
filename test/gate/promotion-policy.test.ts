import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import {
  decidePromotion,
  type EvidenceStanding,
  type PromotionInput,
  type RolloutStanding,
} from "../../src/gate/promotion-policy.ts";
import { TIERS } from "../../src/domain/tier.ts";

const passed: EvidenceStanding = { kind: "passed", reason: "passed yesterday", tier: "minor" };
const nobody = { by: [], notCounted: [], selfApproved: false };

/** A minor change that met everything production asks for. */
function anInput(fields: Partial<PromotionInput> = {}): PromotionInput {
  return {
    target: "production",
    tier: { applied: "minor", violation: null },
    policy: { approvals: 0, canaryMinSoakMs: 172_800_000 },
    hasProduction: true,
    isInProduction: false,
    evidence: passed,
    approvals: nobody,
    rollout: { kind: "completed" },
    override: null,
    ...fields,
  };
}

const major = {
  tier: { applied: "major", violation: null },
  policy: { approvals: 1, canaryMinSoakMs: 1 },
} as const;
const majorEvidence: EvidenceStanding = { ...passed, tier: "major" };
const stale: EvidenceStanding = { kind: "stale", reason: "the dataset changed", tier: "minor" };

describe("decidePromotion", () => {
  it.each<{ title: string; input: Partial<PromotionInput>; kind: string }>([
    { title: "allows production after a finished rollout", input: {}, kind: "allowed" },
    {
      title: "allows staging by the gate alone",
      input: { target: "staging", rollout: { kind: "none" } },
      kind: "allowed",
    },
    { title: "asks for evidence", input: { evidence: { kind: "none", reason: "none" } }, kind: "unproven" },
    {
      title: "refuses failed evidence",
      input: { evidence: { kind: "failed", reason: "worse" } },
      kind: "refused",
    },
    {
      title: "refuses forged evidence",
      input: { evidence: { kind: "forged", reason: "forged" } },
      kind: "refused",
    },
    {
      title: "refuses expired evidence",
      input: { evidence: { kind: "expired", reason: "old" } },
      kind: "refused",
    },
    {
      title: "takes an undecided gate for no proof",
      input: { evidence: { kind: "undecided", reason: "?" } },
      kind: "unproven",
    },
    {
      title: "asks again where the question changed",
      input: { target: "staging", evidence: stale },
      kind: "unproven",
    },
    { title: "lets a finished rollout stand in for that", input: { evidence: stale }, kind: "allowed" },
    {
      title: "refuses a version number that declares too little",
      input: { tier: { applied: "minor", violation: "bump it" } },
      kind: "refused",
    },
    {
      title: "asks for evidence of the tier",
      input: { ...major, policy: { approvals: 0, canaryMinSoakMs: 1 } },
      kind: "unproven",
    },
    { title: "waits for a sign-off", input: { ...major, evidence: majorEvidence }, kind: "waiting" },
    {
      title: "goes on with it",
      input: { ...major, evidence: majorEvidence, approvals: { ...nobody, by: ["Bea"] } },
      kind: "allowed",
    },
    {
      title: "needs no sign-off for staging",
      input: { ...major, evidence: majorEvidence, target: "staging" },
      kind: "allowed",
    },
    {
      title: "refuses what only its author approved",
      input: {
        ...major,
        evidence: majorEvidence,
        approvals: { by: [], notCounted: ["Ana"], selfApproved: true },
      },
      kind: "refused",
    },
    { title: "asks for the rollout", input: { rollout: { kind: "none" } }, kind: "unproven" },
    {
      title: "waits for the rollout to finish",
      input: { rollout: { kind: "unfinished", phase: "canary" } },
      kind: "waiting",
    },
    {
      title: "refuses what a rollout took back",
      input: { rollout: { kind: "ended", phase: "rolled-back" } },
      kind: "refused",
    },
    {
      title: "refuses beside somebody else's canary",
      input: { rollout: { kind: "other-live", version: "9.0.0", phase: "canary" } },
      kind: "refused",
    },
    {
      title: "has a short way where the policy has no canary",
      input: { policy: { approvals: 0, canaryMinSoakMs: null }, rollout: { kind: "none" } },
      kind: "allowed",
    },
    {
      title: "but not beside another canary",
      input: {
        policy: { approvals: 0, canaryMinSoakMs: null },
        rollout: { kind: "other-live", version: "9.0.0", phase: "baking" },
      },
      kind: "refused",
    },
    {
      title: "asks for no canary while nothing is in production",
      input: { hasProduction: false, rollout: { kind: "none" } },
      kind: "allowed",
    },
    {
      title: "does not take an unreadable rollout for a finished one",
      input: { rollout: { kind: "unreadable", reason: "cut off" } },
      kind: "unproven",
    },
    {
      title: "asks nothing for labels of the user's own",
      input: { target: "own", evidence: { kind: "none", reason: "" } },
      kind: "allowed",
    },
    {
      title: "asks nothing where production is already",
      input: { isInProduction: true, evidence: { kind: "none", reason: "" } },
      kind: "allowed",
    },
    {
      title: "names a violation before what is missing",
      input: { evidence: { kind: "none", reason: "" }, tier: { applied: "minor", violation: "bump" } },
      kind: "refused",
    },
    {
      title: "names what is missing before what it waits for",
      input: { ...major, rollout: { kind: "none" }, evidence: majorEvidence },
      kind: "unproven",
    },
  ])("$title", ({ input, kind }) => {
    expect(decidePromotion(anInput(input)).kind).toBe(kind);
  });

  it("lists what an override set aside", () => {
    const input = anInput({
      evidence: { kind: "failed", reason: "worse by 6 points" },
      override: "the old one leaks",
    });
    expect(decidePromotion(input)).toMatchObject({
      kind: "allowed",
      ungated: ["evidence: worse by 6 points"],
    });
    expect(decidePromotion(anInput({ override: "not needed" }))).toMatchObject({
      kind: "allowed",
      ungated: [],
    });
  });
});

const text = fc.constant("reason");
const evidence: fc.Arbitrary<EvidenceStanding> = fc.oneof(
  fc.record({ kind: fc.constantFrom("none", "forged", "expired", "failed", "undecided"), reason: text }),
  fc.record({ kind: fc.constantFrom("stale", "passed"), reason: text, tier: fc.constantFrom(...TIERS) }),
);
const rollout: fc.Arbitrary<RolloutStanding> = fc.oneof(
  fc.record({ kind: fc.constantFrom("none", "completed") }),
  fc.record({ kind: fc.constantFrom("unfinished", "ended"), phase: text }),
  fc.record({ kind: fc.constant("other-live"), version: text, phase: text }),
  fc.record({ kind: fc.constant("unreadable"), reason: text }),
);
const anything: fc.Arbitrary<PromotionInput> = fc.record({
  target: fc.constantFrom("staging", "production"),
  tier: fc.record({ applied: fc.constantFrom(...TIERS), violation: fc.option(text) }),
  policy: fc.record({ approvals: fc.nat(3), canaryMinSoakMs: fc.option(fc.constant(1)) }),
  hasProduction: fc.boolean(),
  isInProduction: fc.constant(false),
  evidence,
  approvals: fc.record({
    by: fc.uniqueArray(fc.constantFrom("a", "b", "c")),
    notCounted: fc.array(text, { maxLength: 2 }),
    selfApproved: fc.boolean(),
  }),
  rollout,
  override: fc.constant(null),
});

describe("whatever the input", () => {
  it("nothing reaches production without evidence, enough people, and a rollout where there is one to ask for", () => {
    fc.assert(
      fc.property(anything, (input) => {
        if (decidePromotion({ ...input, target: "production" }).kind !== "allowed") return;
        expect(["passed", "stale"]).toContain(input.evidence.kind);
        expect(input.tier.violation).toBeNull();
        expect(input.approvals.by.length).toBeGreaterThanOrEqual(input.policy.approvals);
        const needsRollout = input.hasProduction && input.policy.canaryMinSoakMs !== null;
        const isProven = input.rollout.kind === "completed";
        expect(isProven || (!needsRollout && input.evidence.kind === "passed")).toBe(true);
      }),
    );
  });

  it("what may go to production may go to staging, unless only the rollout had spoken for it", () => {
    fc.assert(
      fc.property(anything, (input) => {
        fc.pre(input.evidence.kind === "passed");
        if (decidePromotion({ ...input, target: "production" }).kind !== "allowed") return;
        expect(decidePromotion({ ...input, target: "staging" }).kind).toBe("allowed");
      }),
    );
  });

  it("an override allows it and names every rule that it broke", () => {
    fc.assert(
      fc.property(anything, (input) => {
        const plain = decidePromotion(input);
        const overridden = decidePromotion({ ...input, override: "because" });
        expect(overridden.kind).toBe("allowed");
        const ungated = overridden.kind === "allowed" ? overridden.ungated.length : -1;
        expect(ungated > 0).toBe(plain.kind !== "allowed");
      }),
    );
  });
});
