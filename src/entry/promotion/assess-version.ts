import type { Project, PromptProject } from "../../domain/project.ts";
import type { Label, LabelMove, PromptVersion, Registry } from "../../domain/registry.ts";
import type { ReleaseDocument } from "../../domain/release.ts";
import { isActive } from "../../domain/rollout-state.ts";
import type { Store } from "../../domain/store.ts";
import { higherTier } from "../../domain/tier.ts";
import type { ApprovalStanding, EvidenceStanding, RolloutStanding } from "../../gate/promotion-policy.ts";
import type { CommandContext } from "../context.ts";
import { isAuthor } from "../../gate/self-approval.ts";
import { allPages } from "../registry/known-prompts.ts";
import { judgeApprovals } from "./find-approvals.ts";
import { findEvidence, type FoundEvidence } from "./find-evidence.ts";
import { judgeEvidence } from "./judge-evidence.ts";
import { presentQuestion, type PresentQuestion } from "./present-question.ts";
import { readRollout, type ReadRollout } from "./read-rollout.ts";
import { badVersions } from "./rollback-target.ts";

/** Where a promotion looks and writes. */
export interface PromotionScope {
  readonly context: CommandContext;
  readonly project: Project;
  readonly prompt: PromptProject;
  readonly registry: Registry;
  readonly store: Store;
}

/** Everything that is known about a version that wants to go on. */
export interface Assessment {
  readonly version: PromptVersion;
  readonly labels: readonly Label[];
  readonly release: ReleaseDocument | null;
  readonly question: PresentQuestion;
  readonly evidence: EvidenceStanding;
  /** The evidence that decided; null when none did. */
  readonly found: FoundEvidence | null;
  readonly approvals: ApprovalStanding;
  readonly rollout: RolloutStanding;
}

interface Judged {
  readonly found: FoundEvidence;
  readonly standing: EvidenceStanding;
}

/** A verdict that needed no model, such as a version number that declares too little, is about that number alone. */
function isAboutAnotherNumber({ evidence }: FoundEvidence, { version }: PromptVersion): boolean {
  return evidence.scores.length === 0 && evidence.verdict === "fail" && evidence.version !== version;
}

const RANK = ["passed", "failed", "undecided", "stale", "expired", "forged", "none"] as const;
const DECISIVE = 3;

/** Of what decides about the present question the newest counts; else what comes nearest to that. */
function best(judged: readonly Judged[]): Judged | null {
  const rank = ({ standing }: Judged): number => Math.max(DECISIVE - 1, RANK.indexOf(standing.kind));
  return judged.toSorted((left, right) => rank(left) - rank(right))[0] ?? null;
}

/** What a version is held against: what production has, or what people still get while a promotion is half done. */
function baselineOf(
  { version }: PromptVersion,
  labels: readonly Label[],
  release: ReleaseDocument | null,
): string {
  const production = labels.find(({ name }) => name === "production")?.version;
  return production === version && release !== null && release.stable !== version
    ? release.stable
    : "production";
}

async function judgeAll(
  scope: PromotionScope,
  version: PromptVersion,
  { question, baseline }: { readonly question: PresentQuestion; readonly baseline: string },
  found: readonly FoundEvidence[],
): Promise<Judged | null> {
  const { context, project } = scope;
  const judged: Judged[] = [];
  for (const each of found) {
    if (isAboutAnotherNumber(each, version)) continue;
    const { applied } = each.evidence.tier;
    // A gate that was held to a higher tier asked more; what it was asked is looked up under that tier.
    const isHigher =
      applied !== question.tier.applied && higherTier(applied, question.tier.applied) === applied;
    const asked = isHigher ? await presentQuestion(scope, version, { baseline, tier: applied }) : question;
    const rules = { version, settings: project.evidence, now: context.clock.now(), question: asked };
    judged.push({ found: each, standing: judgeEvidence(each, rules) });
  }
  return best(judged);
}

/** What the record of rollouts, the traffic and the history say about a version. */
function rolloutStanding(
  version: PromptVersion,
  seen: {
    readonly rollout: ReadRollout;
    readonly release: ReleaseDocument | null;
    readonly takenBack: ReadonlySet<string>;
  },
): RolloutStanding {
  const { rollout, release, takenBack } = seen;
  const state = rollout.kind === "state" ? rollout.state : null;
  const served = release?.candidate ?? null;
  if (state !== null && state.candidate.digest === version.digest) {
    const { phase } = state;
    if (isActive(phase)) return { kind: "unfinished", phase };
    // The end of a completed rollout may be missing in its state; the history has it.
    const isCompleted = phase === "completed" && !takenBack.has(version.version);
    if (isCompleted) return { kind: "completed" };
    return { kind: "ended", phase: phase === "completed" ? "rolled-back" : phase };
  }
  if (state !== null && (state.phase === "canary" || state.phase === "baking")) {
    return { kind: "other-live", version: state.candidate.version, phase: state.phase };
  }
  if (served !== null && served.weight > 0 && served.version !== version.version) {
    return { kind: "other-live", version: served.version, phase: "canary" };
  }
  const isDenied = state?.denied.some(({ digest }) => digest === version.digest) === true;
  if (isDenied || takenBack.has(version.version)) return { kind: "ended", phase: "rolled-back" };
  return rollout.kind === "corrupt"
    ? { kind: "unreadable", reason: `the rollout's state cannot be read: ${rollout.reason}` }
    : { kind: "none" };
}

async function takenBackVersions(
  { registry, store, prompt }: PromotionScope,
  moves: readonly LabelMove[],
): Promise<ReadonlySet<string>> {
  const entries = await allPages((page) => store.ledger(prompt.name, page));
  const takenBack = entries.flatMap(({ kind, version, at }) =>
    kind === "rolled-back" && version !== null ? [{ version, at }] : [],
  );
  const labels = await registry.listLabels(prompt.name);
  return badVersions({ release: null, labels, moves, state: null, takenBack });
}

/** Reads what there is about a version. `given` is the evidence that the user named; without it all is looked through. */
export async function assessVersion(
  scope: PromotionScope,
  version: PromptVersion,
  given: readonly FoundEvidence[] | null,
): Promise<Assessment> {
  const { context, project, prompt, registry, store } = scope;
  const labels = await registry.listLabels(prompt.name);
  const release = await registry.readRelease(prompt.name);
  const baseline = baselineOf(version, labels, release);
  const question = await presentQuestion(scope, version, { baseline, tier: "auto" });
  const subject = { prompt: prompt.name, digest: version.digest };
  const all = given === null ? await findEvidence({ store, root: project.root }, subject) : given;
  const decisive = await judgeAll(scope, version, { question, baseline }, all);
  const rules = { approvers: project.approvers, settings: project.evidence, now: context.clock.now() };
  const history = await allPages((page) => registry.history(prompt.name, page));
  const moves = history.filter(({ label }) => label === "production");
  const takenBack = await takenBackVersions(scope, moves);
  const rollout = await readRollout(store, prompt.name);
  return {
    version,
    labels,
    release,
    question,
    evidence: decisive?.standing ?? {
      kind: "none",
      reason: `there is none for ${version.digest}: promptgate gate ${prompt.name} --candidate ${version.version}`,
    },
    found: decisive?.found ?? null,
    approvals: judgeApprovals(await store.attestations(version.digest), version, rules),
    rollout: rolloutStanding(version, { rollout, release, takenBack }),
  };
}

/** The same with people whose sign-off somebody else has verified, such as reviewers of a GitHub environment. */
export function withSignOffs(assessment: Assessment, names: readonly string[]): Assessment {
  const { approvals, version } = assessment;
  const own = names.filter((name) => isAuthor({ name, email: "" }, version.author));
  const by = [...new Set([...approvals.by, ...names.filter((name) => !own.includes(name))])];
  const notCounted = [...approvals.notCounted, ...own.map((name) => `${name} (the author of the version)`)];
  const selfApproved = by.length === 0 && (approvals.selfApproved || own.length > 0);
  return { ...assessment, approvals: { by, notCounted, selfApproved } };
}
