import { GateError } from "../domain/errors.ts";
import { isLabelName, isPromptName } from "../domain/registry.ts";
import { visibleLine } from "../domain/visible.ts";
import { checkDuration, LARGEST_TTL, quietly, unitText } from "./arguments.ts";
import { choose, toStable, type Choice } from "./choose.ts";
import { fallbackVersions } from "./fallback.ts";
import { loader } from "./load.ts";
import type { GetPromptOptions, PromptClient, PromptClientOptions } from "./options.ts";
import { servedPrompt, type ServedPrompt } from "./served.ts";
import { slot, type Slot, type SlotState } from "./slot.ts";
import type { Snapshot } from "./snapshot.ts";

function noPrompt(name: string, problem: Error | null): GateError {
  const code = problem instanceof GateError ? problem.code : "NETWORK";
  const reason = visibleLine(problem?.message ?? "it was not read yet");
  return new GateError(code, `prompt ${visibleLine(name)} cannot be served: ${reason}`, {
    hint: "give createPromptClient a fallback for it: it is served until the registry has answered once",
    cause: problem,
    retryable: true,
  });
}

type Decide = (snapshot: Snapshot, unit: string | null) => Choice;

const toKilled: Decide = ({ stable }) => toStable(stable, "kill-switch");
const toUnknownLabel: Decide = ({ stable }) => toStable(stable, "unknown-label");

/** The served prompts of each state of a slot: made once, however many units get them. */
const servedOf = new WeakMap<SlotState, Map<string, ServedPrompt>>();

function serve(state: SlotState, { version, variant, reason }: Choice, fresh: boolean): ServedPrompt {
  let known = servedOf.get(state);
  if (known === undefined) servedOf.set(state, (known = new Map<string, ServedPrompt>()));
  const key = fresh ? reason : `stale ${reason}`;
  let served = known.get(key);
  if (served === undefined) {
    const problem = state.problem === null ? null : visibleLine(state.problem.message);
    served = servedPrompt(version, { variant, reason, freshness: fresh ? "fresh" : "stale", problem });
    known.set(key, served);
  }
  return served;
}

/** Serves prompts to an application: from memory, sticky per unit, and from the last known good when all else fails. */
export function createPromptClient(options: PromptClientOptions): PromptClient {
  const { source, cache = null, clock = { now: () => Date.now() }, onServe } = options;
  const ttl = checkDuration("ttl", options.ttl ?? 60_000, LARGEST_TTL);
  const deadline = checkDuration("deadline", options.deadline ?? 5000, LARGEST_TTL);
  const fallbacks = fallbackVersions(options.fallback ?? {});
  const environment = options.environment ?? globalThis.process?.env ?? {};
  // Any value counts: a typing error in an emergency must not leave the rollout running.
  const killed = (environment["PROMPTGATE_ROLLOUT"] ?? "") !== "";
  const onProblem = (prompt: string, error: Error): void => quietly(options.onProblem, { prompt, error });
  const load = loader({ source, cache, clock, ttl, deadline, onProblem });
  const slots = new Map<string, Slot>();

  function slotOf(name: string, label: string | null): Slot {
    const key = label === null ? name : `${name}@${label}`;
    let found = slots.get(key);
    if (found === undefined) {
      if (!isPromptName(name)) throw new GateError("USAGE", `"${visibleLine(name)}" cannot name a prompt`);
      if (label !== null && !isLabelName(label))
        throw new GateError("USAGE", `"${visibleLine(label)}" cannot name a label`);
      const ours = slot({
        ttl,
        clock,
        load: (previous) => load(name, label, previous),
        onProblem: (error) => onProblem(name, error),
      });
      slots.set(key, (found = ours));
    }
    return found;
  }

  function report(name: string, unit: string | null, choice: Choice, generation: number | null): void {
    if (onServe === undefined) return;
    const { version, variant, reason, bucket, salt } = choice;
    quietly(onServe, {
      prompt: name,
      version: version.version,
      variant,
      reason,
      bucket,
      salt,
      generation,
      unit,
    });
  }

  function fromSlot(name: string, slot: Slot, unit: string | null, decide: Decide): ServedPrompt | null {
    const now = clock.now();
    if (slot.isDue(now)) void slot.refresh();
    const { state } = slot;
    if (state.snapshot === null) return null;
    const choice = decide(state.snapshot, unit);
    report(name, unit, choice, state.snapshot.release?.generation ?? null);
    return serve(state, choice, slot.isFresh(now));
  }

  function fromFallback(name: string, unit: string | null): ServedPrompt | null {
    const version = fallbacks.get(name);
    if (version === undefined) return null;
    const choice = { version, variant: "stable", reason: "fallback", bucket: null, salt: null } as const;
    report(name, unit, choice, null);
    const problem = slotOf(name, null).state.problem?.message ?? "it was not read yet";
    return servedPrompt(version, { ...choice, freshness: "fallback", problem: visibleLine(problem) });
  }

  function peek(name: string, { unit, label }: GetPromptOptions = {}): ServedPrompt | null {
    const who = unitText(unit);
    const main = slotOf(name, null);
    if (killed) return fromSlot(name, main, who, toKilled) ?? fromFallback(name, who);
    if (label === undefined) return fromSlot(name, main, who, choose) ?? fromFallback(name, who);
    const slot = slotOf(name, label);
    const pinned = fromSlot(name, slot, who, choose);
    if (pinned !== null) return pinned;
    const unknown = slot.state.problem === null ? null : fromSlot(name, main, who, toUnknownLabel);
    return unknown ?? fromFallback(name, who);
  }

  /** Waits until a slot knows something, or has just failed to. */
  async function settle(slot: Slot): Promise<boolean> {
    if (slot.state.snapshot === null && slot.isDue(clock.now())) await slot.refresh();
    return slot.state.snapshot !== null;
  }

  return {
    peek,
    async getPrompt(name, options = {}) {
      const label = killed ? null : (options.label ?? null);
      if (label === null || !(await settle(slotOf(name, label)))) await settle(slotOf(name, null));
      const served = peek(name, options);
      if (served !== null) return served;
      throw noPrompt(name, slotOf(name, label).state.problem ?? slotOf(name, null).state.problem);
    },
  };
}
