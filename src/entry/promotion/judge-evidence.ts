import type { GateEvidence, EvidenceSettings } from "../../domain/evidence.ts";
import type { PromptVersion } from "../../domain/registry.ts";
import { visibleLine } from "../../domain/visible.ts";
import { ageOf } from "../../evidence/age.ts";
import { evidenceStanding, type EvidenceSignature } from "../../evidence/evidence-standing.ts";
import type { EvidenceStanding } from "../../gate/promotion-policy.ts";
import { minute } from "../registry/lines.ts";
import type { FoundEvidence } from "./find-evidence.ts";
import type { PresentQuestion } from "./present-question.ts";

/** What evidence is held against. */
export interface Asked {
  readonly version: PromptVersion;
  readonly settings: EvidenceSettings;
  readonly now: number;
  /** Null for a version that cannot be asked about any more. */
  readonly question: PresentQuestion;
}

type Stopped = Extract<EvidenceStanding, { kind: "none" | "forged" | "expired" }>;

function signatureFault(
  standing: EvidenceSignature,
  { origin }: FoundEvidence,
  { settings }: Asked,
): Stopped | null {
  switch (standing.kind) {
    case "valid":
      return null;
    case "refused":
      return { kind: "forged", reason: `${origin}: ${standing.reason}` };
    case "forged": {
      const signer = visibleLine(standing.signer, 200);
      return { kind: "forged", reason: `${origin}: it names the key of ${signer}, which did not sign it` };
    }
    case "unknown":
    case "unsigned": {
      if (settings.require === "any") return null;
      const what =
        standing.kind === "unsigned"
          ? "is not signed"
          : "is signed by a key that evidence.keys does not name";
      return { kind: "none", reason: `${origin}: it ${what}, and the config asks for a signature` };
    }
  }
}

/** What the evidence was measured with that is otherwise today. */
function differences(evidence: GateEvidence, { question }: Asked): string[] {
  const { digests, baseline, models } = question;
  const candidate = evidence.models.find(({ role }) => role === "candidate");
  const isLive = candidate !== undefined && !["recorded", "stored outputs"].includes(candidate.provider);
  const isOtherModel =
    isLive &&
    (candidate.provider !== models.candidate.provider || candidate.model !== models.candidate.model);
  return [
    ...(evidence.digests.dataset === digests.dataset ? [] : ["the dataset"]),
    ...(evidence.digests.judges === digests.judges ? [] : ["the judges"]),
    ...(evidence.digests.policy === digests.policy ? [] : ["the policy"]),
    ...((evidence.baseline?.digest ?? null) === (baseline?.digest ?? null)
      ? []
      : ["the version in production"]),
    ...(isOtherModel ? ["the model"] : []),
  ];
}

/** What a reader should know of how the answers came about. */
function caveats({ models, waivers }: GateEvidence): string[] {
  const providers = new Set(models.map(({ provider }) => provider));
  return [
    ...(providers.has("embedded") ? ["the built-in model answered"] : []),
    ...(providers.has("recorded") ? ["answers were replayed"] : []),
    ...(providers.has("stored outputs") ? ["outputs came from a file"] : []),
    ...(waivers.length > 0 ? [`${waivers.length} waived`] : []),
  ];
}

function describe(standing: EvidenceSignature, { evidence, origin }: FoundEvidence): string {
  const signed = standing.kind === "valid" ? `signed by ${visibleLine(standing.signer, 200)}` : "not signed";
  const asides = [signed, ...caveats(evidence)].join(", ");
  return `${evidence.result} on ${minute(evidence.at)} (${origin}; ${asides})`;
}

/** What one piece of evidence is worth for this version now. It is about this digest and prompt, or it is `forged`. */
export function judgeEvidence(found: FoundEvidence, asked: Asked): EvidenceStanding {
  const { evidence, origin } = found;
  const { version, settings, now } = asked;
  if (evidence.prompt !== version.name || evidence.digest !== version.digest) {
    const other = `${visibleLine(evidence.prompt, 128)} ${evidence.digest}`;
    return {
      kind: "forged",
      reason: `${origin}: it is about ${other}, ${version.version} is ${version.digest}`,
    };
  }
  const standing = evidenceStanding(found, settings);
  const fault = signatureFault(standing, found, asked);
  if (fault !== null) return fault;
  const age = ageOf(evidence.at, now, settings.maxAgeMs);
  if (age.kind === "expired") return { kind: "expired", reason: `${origin}: it is ${age.text}` };
  if (!evidence.complete) {
    return { kind: "none", reason: `${origin}: only some of the dataset's cases were chosen for it` };
  }
  const text = describe(standing, found);
  if (evidence.verdict === "inconclusive")
    return { kind: "undecided", reason: `the gate did not decide: ${text}` };
  if (evidence.result === "FAILED") {
    return { kind: "failed", reason: `${text}: ${visibleLine(evidence.failedTests.join(", "), 300)}` };
  }
  const changed = differences(evidence, asked);
  const tier = evidence.tier.applied;
  if (changed.length > 0)
    return { kind: "stale", tier, reason: `${text}, but since then changed: ${changed.join(", ")}` };
  return { kind: "passed", tier, reason: text };
}
