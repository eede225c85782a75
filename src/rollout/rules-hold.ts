import type { MetricEvidence } from "../domain/rollout-decision.ts";
import { FULL_WEIGHT } from "../domain/release.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import type { Verdict } from "./build-decision.ts";
import { iso } from "./documents.ts";
import { endPhase, endRollout } from "./end-rollout.ts";
import { missingSamples } from "./forecast.ts";
import { isGuardrail } from "./judge-metric.ts";
import type { Look } from "./look.ts";
import { GAP_MS, gapMessage } from "./rules-registry.ts";
import { skewedShares } from "./rules-metrics.ts";
import { hasControl } from "./step-data.ts";
import { span } from "./wording.ts";

/** Why a rollout waits, before it is a verdict. */
interface Wait {
  readonly reason: string;
  readonly message: string;
  readonly until?: number | null;
}

function held(wait: Wait): Verdict {
  return { event: "held", action: "hold", ...wait };
}

/** Time of this step that is over; a pause does not count where no traffic is compared. */
function stepElapsed(state: RolloutState, now: number): number {
  return now - Date.parse(state.weightAppliedAt) - state.pausedMs;
}

/** What the last canary step adds so that all of them are as long as the tier's policy asks. */
function soakOf(state: RolloutState): number {
  const { strategy, step, candidate, coveredBeforeMs, phase } = state;
  const own = strategy.steps[step]?.minSoakMs ?? 0;
  const isLast = (strategy.steps[step + 1]?.weight ?? FULL_WEIGHT) === FULL_WEIGHT;
  if (phase !== "canary" || !isLast || candidate.minCanaryMs === null) return own;
  return Math.max(own, candidate.minCanaryMs - coveredBeforeMs);
}

/** A clock behind the state is wrong, or that of the last look was. */
export function clockBehind({ state, clockNow }: Look): Verdict | null {
  const last = Math.max(Date.parse(state.lastTickAt), Date.parse(state.updatedAt));
  if (clockNow >= last - 120_000) return null;
  return {
    event: "held",
    action: "hold",
    reason: "clock",
    message: `the clock is ${span(last - clockNow)} behind the last look (${iso(last)}): correct it, or wait`,
    outcome: "failed_closed",
    notify: true,
  };
}

/** The first look after a long time only judges: what happened meanwhile was seen by nobody. */
export function longGap({ state, now }: Look): Verdict | null {
  const gap = now - Date.parse(state.lastTickAt);
  if (gap <= GAP_MS || state.phase === "queued" || state.phase === "staging") return null;
  return { ...held({ reason: "gap", message: gapMessage(gap) }), notify: true };
}

export function paused({ state }: Look): Verdict | null {
  if (state.pause === null) return null;
  return held({ reason: "paused", message: `paused by ${state.pause.by}: ${state.pause.reason}` });
}

export function loweredBefore({ state }: Look): Verdict | null {
  if (state.lowered === null) return null;
  return held({
    reason: "lowered",
    message: `the weight was lowered by hand at ${state.lowered.at} and is not raised again: abort and retry, or roll back`,
  });
}

/** The soak that everybody has to wait for, in time; after it only the deadline of the step counts. */
export function soaking(look: Look): Verdict | null {
  const { state, now } = look;
  const soak = soakOf(state);
  const left = soak - stepElapsed(state, now);
  if (left <= 0) return null;
  return held({ reason: "soaking", message: `${span(left)} of ${span(soak)} to go`, until: now + left });
}

function uncovered(look: Look): Wait | null {
  const { state, covered } = look;
  if (!hasControl(state)) return null;
  const { bucketMs } = state.strategy;
  const soak = soakOf(state);
  if (covered * bucketMs >= soak) return null;
  if (look.data.to - look.data.from < soak) {
    return {
      reason: "soaking",
      message: `the last hours of ${span(soak)} are not closed: scores may still come`,
    };
  }
  const message = `both versions were served and measured in ${span(covered * bucketMs)} of the ${span(soak)} that are asked for`;
  return { reason: covered === 0 ? "no_data(assignments)" : "coverage", message };
}

function forecastText(look: Look, metric: MetricEvidence): string {
  const missing = missingSamples(metric, metric.alpha);
  const elapsed = look.data.to - look.data.from;
  if (missing === null || metric.candidate === null || elapsed <= 0 || missing === 0) return "";
  const time = (missing / metric.candidate.n) * elapsed;
  return `; about ${missing} more samples decide it, in ${span(time)} at this rate`;
}

function isBad({ verdict, action }: MetricEvidence): boolean {
  return (
    verdict === "harm" ||
    verdict === "no_data" ||
    verdict === "invalid" ||
    verdict === "error" ||
    verdict === "insufficient_sample" ||
    (verdict === "inconclusive" && action === "rollback")
  );
}

function undecided(look: Look): Wait | null {
  const guardrails = look.metrics.filter(isGuardrail);
  const order = ["error", "invalid", "no_data", "insufficient_sample", "inconclusive", "harm"];
  const [worst] = guardrails
    .filter(isBad)
    .toSorted((left, right) => order.indexOf(left.verdict) - order.indexOf(right.verdict));
  if (worst === undefined) return null;
  const short = worst.verdict === "insufficient_sample";
  const reason = short ? worst.verdict : `${worst.verdict}(${worst.name})`;
  return { reason, message: `${worst.name}: ${worst.reason}${forecastText(look, worst)}` };
}

/** True when an undecided step has used up its time, with grace: whatever is missing, it ends. */
export function timeIsUp({ state, step, now, input }: Look): boolean {
  const present = input.strategy.steps.find(({ name }) => name === step.name) ?? step;
  if (present.maxSoakMs === null || input.strategy.inconclusive.outcome === "hold") return false;
  const deadline = Math.max(present.maxSoakMs, soakOf(state)) + input.strategy.inconclusive.graceMs;
  return state.pause === null && stepElapsed(state, now) >= deadline;
}

/** The measured conditions of going on; null = all of them hold. */
function unmet(look: Look): Wait | null {
  const skew = look.input.strategy.onSampleRatio === "warn" ? null : skewedShares(look);
  if (skew !== null) return { reason: "sample_ratio", message: skew };
  return uncovered(look) ?? undecided(look);
}

/** What is not shown keeps the step; beyond maxSoak and a time of grace it ends the rollout, or holds it for good. */
export function unproven(look: Look): Verdict | null {
  const wait = unmet(look);
  if (wait === null) return null;
  const { state, step, now, input } = look;
  const { graceMs, outcome } = input.strategy.inconclusive;
  // Somebody may give an undecided step more time in the config; its weights and error rates stay.
  const present = input.strategy.steps.find(({ name }) => name === step.name) ?? step;
  if (present.maxSoakMs === null || state.pause !== null) return held(wait);
  const deadline = Math.max(present.maxSoakMs, soakOf(state));
  const over = stepElapsed(state, now) - deadline;
  if (over < 0) return held(wait);
  if (over < graceMs || outcome === "hold") {
    const end = outcome === "hold" ? "" : `, in ${span(graceMs - over)} it ends`;
    const message = `${wait.message}; past its maxSoak of ${span(deadline)}${end}: extend maxSoak, skip the step, or abort`;
    const first = over < input.strategy.bucketMs;
    return { ...held({ reason: wait.reason, message }), ...(first ? { notify: true } : {}) };
  }
  return endRollout(look, { phase: endPhase(state), reason: wait.reason, message: wait.message, deny: true });
}

/** People come last, so that nobody approves what fails. */
export function unapproved({ state, step }: Look): Verdict | null {
  const given = state.approvals.filter((approval) => approval.step === step.name).length;
  if (given >= step.approvals) return null;
  const from = step.approvers.length === 0 ? "" : ` of ${step.approvers.join(", ")}`;
  return {
    ...held({
      reason: "approval",
      message: `${step.approvals - given} approval${step.approvals - given === 1 ? "" : "s"}${from} missing to leave ${step.name}`,
    }),
  };
}

/** Another prompt of the group is exposed in part: their effects could not be told apart. */
export function groupTaken({ state, input }: Look): Verdict | null {
  const { mutexGroup } = input.strategy;
  if (mutexGroup === null || state.phase === "baking") return null;
  const own = `${state.exposedAt ?? "9"} ${state.prompt}`;
  const other = input.others.find(
    ({ prompt, phase, mutexGroup: group, exposedAt }) =>
      prompt !== state.prompt &&
      group === mutexGroup &&
      (phase === "canary" || phase === "baking" || (phase === "staging" && state.phase === "queued")) &&
      (phase === "staging" || `${exposedAt ?? "9"} ${prompt}` < own),
  );
  if (other === undefined) return null;
  return held({ reason: "mutex", message: `${other.prompt} is live in the group ${mutexGroup}` });
}

/** Prompts that have to be completed first; one without a rollout has nothing to wait for. */
export function dependent({ input }: Look): Verdict | null {
  const open = input.others.find(
    ({ prompt, phase }) => input.strategy.dependsOn.includes(prompt) && phase !== "completed",
  );
  if (open === undefined) return null;
  return held({
    reason: "depends_on",
    message: `${open.prompt} has to be completed first; it is ${open.phase}`,
  });
}

export function closedNow({ closed }: Look): Verdict | null {
  return closed === null ? null : held({ ...closed });
}
