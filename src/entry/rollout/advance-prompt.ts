import { GateError } from "../../domain/errors.ts";
import type { Decision } from "../../domain/rollout-decision.ts";
import { decide } from "../../rollout/decide.ts";
import type { ExitCode } from "../exit-codes.ts";
import { readRollout } from "../promotion/read-rollout.ts";
import { faultOf } from "../promotion/rollback-steps.ts";
import { applyDecision, type AppliedDecision } from "./apply-decision.ts";
import { observeRollout, readScene } from "./read-scene.ts";
import type { RolloutScope } from "./scope.ts";

/** What one look at one prompt came to. */
export type PromptTick = { readonly prompt: string; readonly exitCode: ExitCode } & (
  | { readonly kind: "none" }
  /** `applied` null: nothing was to be written, on request. */
  | { readonly kind: "decided"; readonly decision: Decision; readonly applied: AppliedDecision | null }
  /** The state is left as it is. */
  | { readonly kind: "corrupt"; readonly reason: string }
  | { readonly kind: "failed"; readonly error: GateError }
);

/** Each lost race is another writer's success. */
const ATTEMPTS = 10;

function exitCodeOf(decision: Decision, applied: AppliedDecision | null): ExitCode {
  if (applied?.kind === "failed") return 4;
  if (applied?.kind === "lost-race") return decision.order === "traffic-first" ? 4 : 0;
  return { ok: 0, rolled_back: 1, failed_closed: 4 }[decision.outcome] as ExitCode;
}

interface LookOptions {
  readonly by: string;
  readonly dryRun: boolean;
}

async function look(scope: RolloutScope, prompt: string, { by, dryRun }: LookOptions): Promise<PromptTick> {
  const places = scope.open();
  const rollout = await readRollout(places.store, prompt);
  if (rollout.kind === "none") return { kind: "none", prompt, exitCode: 0 };
  if (rollout.kind === "corrupt") return { kind: "corrupt", prompt, reason: rollout.reason, exitCode: 4 };
  const { state, revision } = rollout;
  const scene = await readScene(scope, places, prompt, state);
  const metrics = await observeRollout(scope, state, scene.clock.now);
  if (metrics.kind === "observed") {
    for (const { message } of metrics.observations.notes ?? []) {
      scope.context.log.warn(`${prompt}: ${message}`);
    }
  }
  const decision = decide({ state, ...scene, metrics, by });
  const applied = dryRun ? null : await applyDecision(places, decision, revision);
  return { kind: "decided", prompt, decision, applied, exitCode: exitCodeOf(decision, applied) };
}

/** True when somebody else was first and exposure may not be down yet. */
function mustLookAgain(tick: PromptTick): boolean {
  return (
    tick.kind === "decided" && tick.applied?.kind === "lost-race" && tick.decision.order === "traffic-first"
  );
}

async function lookUntilLowered(
  scope: RolloutScope,
  prompt: string,
  options: LookOptions,
): Promise<PromptTick> {
  for (let attempt = 1; ; attempt++) {
    const tick = await look(scope, prompt, options);
    if (!mustLookAgain(tick) || attempt === ATTEMPTS) return tick;
    scope.context.log.warn(
      `${prompt}: somebody else was first while exposure was being lowered; looking again`,
    );
  }
}

/**
 * One look at the rollout of a prompt: reads, decides, writes. A lost race ends the look, but a lowering goes on until
 * exposure is down. A fault is an answer, so that other prompts get their look; only an interruption throws.
 */
export async function advancePrompt(
  scope: RolloutScope,
  prompt: string,
  options: LookOptions,
): Promise<PromptTick> {
  try {
    return await lookUntilLowered(scope, prompt, options);
  } catch (error) {
    if (scope.context.signal.aborted) throw error;
    const fault =
      error instanceof GateError ? error : new GateError("INTERNAL", faultOf(error), { cause: error });
    return { kind: "failed", prompt, error: fault, exitCode: 4 };
  }
}
