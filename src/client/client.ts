import { GateError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import { choose } from "./choose.ts";
import { fallbackSnapshots } from "./fallback.ts";
import type { GetPromptOptions, PromptClient, PromptClientOptions } from "./options.ts";
import { servedPrompt, type ServedPrompt } from "./served.ts";
import { isWithin, slot, type Loaded, type Slot } from "./slot.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import type { ReleaseSource } from "./source.ts";
import { spanMarker } from "./telemetry.ts";
import { within } from "./within.ts";

/** A unit as text, whole numbers as their decimal digits; null for none. */
function unitText(unit: unknown): string | null {
  if (typeof unit === "bigint" || Number.isSafeInteger(unit)) return String(unit);
  return typeof unit === "string" && unit ? unit : null;
}

/** What the application handed in may fail: a broken logger must not take the prompt away. */
function quietly<Argument>(call: ((argument: Argument) => unknown) | undefined, argument: Argument): void {
  try {
    call?.(argument);
  } catch {
    // Nothing can be done, and nobody is served worse.
  }
}

type SlotOf = (prompt: string, label: string | undefined) => Slot;

/** The slots of a client, made when they are first asked for. */
function slotTable(options: PromptClientOptions, ttl: number, clock: Clock): SlotOf {
  const { source, cache, deadline = 5000 } = options;
  const slots = new Map<string, Slot>();

  function newSlot(prompt: string, label: string | undefined, key: string): Slot {
    const onProblem = (error: Error): void => quietly(options.onProblem, { prompt, error });
    const load = async (previous: Loaded | null): Promise<Loaded> => {
      const now = clock.now();
      const read = (from: ReleaseSource): Promise<Snapshot> =>
        within(deadline, (signal) =>
          readSnapshot({ prompt, label, source: from, previous: previous && previous.snapshot, signal }),
        );
      return cache
        ? cache({ key, now, ttl, previous, read, source, onProblem })
        : { snapshot: await read(source), at: now };
    };
    return slot({ ttl, clock, load, onProblem });
  }

  return (name, label) => {
    const key = label ? `${name}@${label}` : name;
    let found = slots.get(key);
    if (!found) slots.set(key, (found = newSlot(name, label, key)));
    return found;
  };
}

/** Serves prompts to an application: from memory, sticky per unit, from the last known good when all else fails. */
export function createPromptClient(options: PromptClientOptions): PromptClient {
  const { ttl = 60_000, clock = Date, onServe } = options;
  // A longer TTL, and a rollback would take too long to arrive.
  if (!(ttl > 0 && ttl <= 300_000)) throw new GateError("USAGE", "ttl: expected 1 to 300,000 ms");
  // Any value counts: a typing error in an emergency must not leave the rollout running.
  const killed = (options.environment ?? globalThis.process?.env)?.["PROMPTGATE_ROLLOUT"];
  const fallbacks = fallbackSnapshots(options.fallback);
  const marker = spanMarker(options.telemetry);
  const slots = slotTable(options, ttl, clock);
  const slotOf = (name: string, asked?: GetPromptOptions): Slot =>
    slots(name, killed ? undefined : asked?.label);
  let unassigned = 0;

  function peek(name: string, asked?: GetPromptOptions): ServedPrompt | null {
    const { loaded, problem, served } = slotOf(name, asked).look();
    const snapshot = loaded ? loaded.snapshot : fallbacks.get(name);
    if (!snapshot) return null;
    const unit = unitText(asked?.unit);
    const override = !loaded ? "fallback" : killed ? "kill-switch" : null;
    const choice = choose(snapshot, unit, override);
    const { variant, reason, bucket, salt } = choice;
    const freshness = !loaded ? "fallback" : isWithin(loaded.at, ttl, clock.now()) ? "fresh" : "stale";
    // A literal where nothing is stale: joining texts on every call would be felt.
    const memo = freshness === "stale" ? `stale ${reason}` : reason;
    let prompt = served.get(memo);
    if (!prompt) served.set(memo, (prompt = servedPrompt(choice, freshness, problem)));
    if (reason === "no-unit") unassigned++;
    if (onServe) {
      const generation = snapshot.release && snapshot.release.generation;
      const { version } = prompt;
      quietly(onServe, { prompt: name, version, variant, reason, bucket, salt, generation, unit });
    }
    quietly(marker.mark, prompt);
    return prompt;
  }

  return {
    peek,
    get unassigned() {
      return unassigned;
    },
    async getPrompt(name, asked) {
      const slot = slotOf(name, asked);
      await marker.ready;
      await slot.settle();
      const served = peek(name, asked);
      if (served) return served;
      const { problem } = slot.look();
      const code = problem instanceof GateError ? problem.code : "NETWORK";
      throw new GateError(code, `prompt ${name} was never read and has no fallback`, { cause: problem });
    },
  };
}
