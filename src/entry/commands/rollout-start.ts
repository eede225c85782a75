import { GateError } from "../../domain/errors.ts";
import type { PromptVersion } from "../../domain/registry.ts";
import { isActive } from "../../domain/rollout-state.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import { decidePromotion, type PromotionDecision } from "../../gate/promotion-policy.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { tellEvents } from "../events/tell-events.ts";
import type { ExitCode } from "../exit-codes.ts";
import {
  assessVersion,
  withSignOffs,
  type Assessment,
  type PromotionScope,
} from "../promotion/assess-version.ts";
import { parseVersionReference, publishedVersion } from "../promotion/version-reference.ts";
import { authorOf } from "../registry/author.ts";
import { promptOf } from "../registry/known-prompts.ts";
import { alignedLines } from "../registry/lines.ts";
import { advancePrompt, type PromptTick } from "../rollout/advance-prompt.ts";
import { tickDocument, tickLines } from "../rollout/render-tick.ts";
import { orderRollout } from "../rollout/order-rollout.ts";
import { openRollouts, type RolloutScope } from "../rollout/scope.ts";
import { loadProjectFrom } from "../wire.ts";

export interface RolloutStartOptions extends CommonOptions {
  /** `PROMPT@VERSION`. */
  readonly version: string;
  readonly supersede: boolean;
  readonly reason?: string | undefined;
  /** People whose sign-off the caller has verified beside those in the store. */
  readonly signedOffBy?: readonly string[];
}

const exitCodes = { allowed: 0, refused: 1, unproven: 3, waiting: 5 } as const satisfies Record<
  PromotionDecision["kind"],
  ExitCode
>;

const words = { met: "ok", note: "note", violated: "FAIL", missing: "missing", waiting: "waiting" } as const;

const HEADLINES = {
  refused: "a rule is violated",
  unproven: "something must be measured first",
  waiting: "it waits for somebody's sign-off",
} as const;

function decide({ question, evidence, approvals, rollout }: Assessment): PromotionDecision {
  if (rollout.kind === "unreadable") {
    throw new GateError("STORE_CORRUPT", rollout.reason, {
      hint: "restore the document or move it away; nothing was overwritten",
    });
  }
  return decidePromotion({
    target: "rollout",
    tier: question.tier,
    policy: question.policy,
    hasProduction: true,
    isInProduction: false,
    evidence,
    approvals,
    rollout,
    override: null,
  });
}

async function stableOf(scope: PromotionScope): Promise<PromptVersion> {
  const { registry, prompt } = scope;
  const stable = await registry.readVersion(prompt.name, { kind: "label", label: "production" });
  if (stable !== null) return stable;
  throw new GateError("BASELINE_MISSING", `${prompt.name} has nothing in production to be compared with`, {
    hint: `the first version goes there directly: promptgate promote ${prompt.name}@VERSION --to production`,
  });
}

/** A new attempt waits for one look, which stages it where nothing is before it; the end of a superseded one for two. */
async function settle(scope: RolloutScope, prompt: string): Promise<PromptTick[]> {
  const ticks: PromptTick[] = [];
  for (let look = 1; look <= 2; look++) {
    const tick = await advancePrompt(scope, prompt, { by: "scheduler", dryRun: false });
    ticks.push(tick);
    const isQueued = tick.kind === "decided" && tick.decision.event === "queued";
    if (!isQueued) break;
  }
  return ticks;
}

interface Told {
  readonly version: PromptVersion;
  readonly decision: PromotionDecision;
  readonly ticks: readonly PromptTick[];
  readonly exitCode: ExitCode;
}

function print(context: CommandContext, { json }: RolloutStartOptions, told: Told): ExitCode {
  const { version, decision, ticks, exitCode } = told;
  const id = `${version.name}@${version.version}`;
  if (json) {
    const document = {
      schema: "promptgate/rollout-start@1",
      prompt: version.name,
      version: version.version,
      digest: version.digest,
      checks: decision.checks,
      decision: decision.kind,
      decisions: ticks.map((tick) => tickDocument(tick)),
      exitCode,
    };
    context.print(JSON.stringify(document, null, 2));
    return exitCode;
  }
  const headline =
    decision.kind === "allowed"
      ? `${id} may be rolled out`
      : `${id} is not rolled out: ${HEADLINES[decision.kind]}`;
  const rows = decision.checks.map(({ name, state, text }) => [words[state], name, text]);
  context.print(
    visible(
      [
        headline,
        ...alignedLines(rows).map((line) => `  ${line}`),
        ...ticks.flatMap((tick) => tickLines(tick)),
      ].join("\n"),
    ),
  );
  return exitCode;
}

/** `rollout start`: holds the evidence, then puts the version in the queue, and into staging if nothing is before it. */
export async function runRolloutStart(
  context: CommandContext,
  options: RolloutStartOptions,
): Promise<ExitCode> {
  const named = parseVersionReference(options.version);
  const project = await loadProjectFrom(context, options);
  const prompt = promptOf(project, named.prompt);
  const rollouts = await openRollouts(context, options);
  const scope: PromotionScope = { context, project, prompt, ...rollouts.open() };
  const version = await publishedVersion(scope.registry, named.prompt, named.version);
  const stable = await stableOf(scope);
  const assessment = withSignOffs(await assessVersion(scope, version, null), options.signedOffBy ?? []);
  const decision = decide(assessment);
  if (decision.kind !== "allowed") {
    return print(context, options, { version, decision, ticks: [], exitCode: exitCodes[decision.kind] });
  }
  const { found, question } = assessment;
  if (found !== null && found.evidence.digest === version.digest)
    await scope.store.attest(version.digest, found.text);
  const ordered = await orderRollout(rollouts, prompt.name, {
    command: {
      kind: "start",
      candidate: {
        version: version.version,
        digest: version.digest,
        tier: question.tier.applied,
        minCanaryMs: question.policy.canaryMinSoakMs,
      },
      stable: { version: stable.version, digest: stable.digest },
      supersede: options.supersede,
    },
    by: await authorOf(context, undefined),
    reason: visibleLine(options.reason ?? version.changeReason ?? "no reason given", 1000),
  });
  const state = ordered.kind === "decided" ? ordered.decision.state : null;
  const isNext = state !== null && (state.phase === "queued" || !isActive(state.phase));
  const isWritten = ordered.kind === "decided" && ordered.applied?.kind === "applied";
  const ticks = [ordered, ...(isNext && isWritten ? await settle(rollouts, prompt.name) : [])];
  await tellEvents(rollouts);
  const failed = ticks.some(({ exitCode }) => exitCode === 4);
  return print(context, options, { version, decision, ticks, exitCode: failed ? 4 : 0 });
}
