import { higherTier, type Tier, type TierPolicy } from "../domain/tier.ts";

/** Where a version may be promoted to, by what that asks for; `rollout`: step by step to production. */
export type PromotionTarget = "staging" | "rollout" | "production" | "own";

/**
 * What became of the search for evidence about exactly this digest. `decidedBy` texts are sentences without a subject.
 */
export type EvidenceStanding =
  /** Nothing was found, or nothing that may be relied on; `reason` says which. */
  | { readonly kind: "none"; readonly reason: string }
  /** A signature of a trusted key does not fit, or it is about something else than it was given for. */
  | { readonly kind: "forged"; readonly reason: string }
  | { readonly kind: "expired"; readonly reason: string }
  /** It was measured with another dataset, judges, policy, baseline or model than the present ones. */
  | { readonly kind: "stale"; readonly reason: string; readonly tier: Tier }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "undecided"; readonly reason: string }
  | { readonly kind: "passed"; readonly reason: string; readonly tier: Tier };

/** Who signed off this digest: distinct people, and what was found beside that does not count. */
export interface ApprovalStanding {
  readonly by: readonly string[];
  readonly notCounted: readonly string[];
  /** True when the only thing that keeps an approval from counting is that its author gave it. */
  readonly selfApproved: boolean;
}

/** What the record of the rollout says about this version. */
export type RolloutStanding =
  | { readonly kind: "none" }
  | { readonly kind: "completed" }
  /** Of this version, but not at its end. */
  | { readonly kind: "unfinished"; readonly phase: string }
  /** This version was taken back. */
  | { readonly kind: "ended"; readonly phase: string }
  /** Of another version, with people on it. */
  | { readonly kind: "other-live"; readonly version: string; readonly phase: string }
  | { readonly kind: "unreadable"; readonly reason: string };

export interface PromotionInput {
  readonly target: PromotionTarget;
  /** The tier whose policy counts for the present change, and why the version number breaks it, if it does. */
  readonly tier: { readonly applied: Tier; readonly violation: string | null };
  readonly policy: Pick<TierPolicy, "approvals" | "canaryMinSoakMs">;
  /** False while the prompt has nothing in production: there is nothing to hold a canary against. */
  readonly hasProduction: boolean;
  /** True when production has this version already: there is nothing left to prove. */
  readonly isInProduction: boolean;
  readonly evidence: EvidenceStanding;
  readonly approvals: ApprovalStanding;
  readonly rollout: RolloutStanding;
  /** The reason of whoever takes it upon themselves; null = no override. */
  readonly override: string | null;
}

/** `note`: worth knowing, decides nothing. */
type CheckState = "met" | "note" | "violated" | "missing" | "waiting";

/** One thing that was looked at; `text` is a sentence for a person. */
interface PromotionCheck {
  readonly name: "evidence" | "tier" | "sign-off" | "rollout";
  readonly state: CheckState;
  readonly text: string;
}

/** `ungated` lists what an override set aside; empty when everything was met. */
export type PromotionDecision = { readonly checks: readonly PromotionCheck[] } & (
  | { readonly kind: "allowed"; readonly ungated: readonly string[] }
  /** A rule is violated. */
  | { readonly kind: "refused" }
  /** Something must be measured first. */
  | { readonly kind: "unproven" }
  /** Somebody must approve first. */
  | { readonly kind: "waiting" }
);

type Check = Omit<PromotionCheck, "name">;

function isBelow(tier: Tier, other: Tier): boolean {
  return higherTier(tier, other) !== tier;
}

/** A finished rollout has shown what the present dataset would be asked for again. */
function isProvenInProduction({ target, rollout }: PromotionInput): boolean {
  return target === "production" && rollout.kind === "completed";
}

function evidenceCheck(input: PromotionInput): Check {
  const { evidence } = input;
  switch (evidence.kind) {
    case "none":
      return { state: "missing", text: evidence.reason };
    case "forged":
    case "expired":
    case "failed":
      return { state: "violated", text: evidence.reason };
    case "undecided":
      return { state: "missing", text: evidence.reason };
    case "stale":
      return isProvenInProduction(input)
        ? { state: "note", text: `${evidence.reason}; the finished rollout stands in for it` }
        : { state: "missing", text: evidence.reason };
    case "passed":
      return { state: "met", text: evidence.reason };
  }
}

function tierCheck({ tier, evidence }: PromotionInput): Check {
  if (tier.violation !== null) return { state: "violated", text: tier.violation };
  const shown = evidence.kind === "passed" || evidence.kind === "stale" ? evidence.tier : null;
  if (shown !== null && isBelow(shown, tier.applied)) {
    const text = `the evidence is of a ${shown} change, against what is in production now it is a ${tier.applied} one`;
    return { state: "missing", text };
  }
  return { state: "met", text: `${tier.applied}: its policy counts` };
}

function signOffCheck({ target, policy, approvals }: PromotionInput): Check {
  const { by, notCounted, selfApproved } = approvals;
  if (policy.approvals === 0) return { state: "met", text: "the policy asks for none" };
  const asides = notCounted.length === 0 ? "" : `; not counted: ${notCounted.join(", ")}`;
  const names = by.length === 0 ? "nobody" : by.join(", ");
  const text = `${by.length} of ${policy.approvals} needed (${names})${asides}`;
  if (by.length >= policy.approvals) return { state: "met", text };
  if (target === "staging") return { state: "note", text: `${text}; production will need it` };
  return { state: selfApproved ? "violated" : "waiting", text };
}

function otherLiveCheck(version: string, phase: string): Check {
  return {
    state: "violated",
    text: `a rollout of ${version} is under way (${phase}): finish or abort it first`,
  };
}

function rolloutCheck({ target, policy, hasProduction, rollout }: PromotionInput): Check {
  if (target === "staging") return { state: "met", text: "not needed for staging" };
  if (target === "rollout") {
    return rollout.kind === "ended" && rollout.phase === "rolled-back"
      ? { state: "violated", text: "this version was rolled back: change it, or retry its rollout" }
      : { state: "met", text: "it may begin" };
  }
  switch (rollout.kind) {
    case "completed":
      return { state: "met", text: "finished" };
    case "other-live":
      return otherLiveCheck(rollout.version, rollout.phase);
    case "ended":
      return {
        state: "violated",
        text: `this version's rollout ended as ${rollout.phase}: retry it, or bring a better version`,
      };
    case "unfinished":
      return { state: "waiting", text: `still ${rollout.phase}: it must be finished first` };
    case "none":
    case "unreadable": {
      if (!hasProduction)
        return { state: "met", text: "nothing is in production yet to hold a canary against" };
      if (policy.canaryMinSoakMs === null) return { state: "met", text: "the policy asks for no canary" };
      const text =
        rollout.kind === "none" ? "the policy asks for a finished rollout, there is none" : rollout.reason;
      return { state: "missing", text };
    }
  }
}

function checksOf(input: PromotionInput): PromotionCheck[] {
  // Labels of the user's own serve nobody by themselves.
  if (input.target === "own") return [];
  if (input.isInProduction) {
    return [{ name: "evidence", state: "met", text: "not needed: production has this version already" }];
  }
  return [
    { name: "evidence", ...evidenceCheck(input) },
    { name: "tier", ...tierCheck(input) },
    { name: "sign-off", ...signOffCheck(input) },
    { name: "rollout", ...rolloutCheck(input) },
  ];
}

/**
 * Whether a version may be promoted. Violations come before what is missing, and that before what must be waited for.
 * An override allows everything and says what it set aside.
 */
export function decidePromotion(input: PromotionInput): PromotionDecision {
  const checks = checksOf(input);
  const unmet = checks.filter(({ state }) => state !== "met" && state !== "note");
  if (unmet.length === 0) return { kind: "allowed", checks, ungated: [] };
  if (input.override !== null) {
    return { kind: "allowed", checks, ungated: unmet.map(({ name, text }) => `${name}: ${text}`) };
  }
  const states = new Set(unmet.map(({ state }) => state));
  if (states.has("violated")) return { kind: "refused", checks };
  return { kind: states.has("missing") ? "unproven" : "waiting", checks };
}
