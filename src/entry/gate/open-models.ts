import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import pLimit from "p-limit";
import { GateError } from "../../domain/errors.ts";
import type { Model } from "../../domain/model.ts";
import type { ModelSettings } from "../../domain/project.ts";
import { createCaller, type Caller } from "../../evals/calls/caller.ts";
import { openCallCache, type SharedCallCache } from "../../evals/calls/call-cache.ts";
import type { UsageMeter } from "../../evals/calls/usage.ts";
import { journaledCache, type Journal } from "../../evals/journal.ts";
import { createModel, isLocalProvider } from "../../models/index.ts";
import { openRecording, replayModel, type KeepCall } from "../../models/recorded.ts";
import type { CommandContext } from "../context.ts";
import type { Admission } from "./budget.ts";
import { FREE, priceOf } from "./price-of.ts";

export interface ModelAccess {
  readonly concurrency: number;
  /** False: answers are neither read from nor written to the cache that runs share. */
  readonly cache: boolean;
  readonly record?: string | undefined;
  readonly replay?: string | undefined;
}

interface OpenModels {
  readonly context: CommandContext;
  readonly root: string;
  readonly access: ModelAccess;
  readonly journal: Journal;
  readonly usage: UsageMeter;
  readonly admit: Admission;
}

/** Where the runs of a project share answers. */
export function cacheFolder(root: string): string {
  return join(root, ".promptgate/cache");
}

/** What all runs of a project share, unless the user wants none of it. */
export function sharedCache({
  access,
  root,
  context,
}: Pick<OpenModels, "access" | "root" | "context">): SharedCallCache | null {
  return access.cache ? openCallCache(cacheFolder(root), context.log, context.clock) : null;
}

function openModel(settings: ModelSettings, { access, context }: OpenModels): Model {
  if (access.replay !== undefined)
    return replayModel({ ...settings, baseUrl: settings.baseUrl }, access.replay);
  return createModel(settings, {
    openaiApiKey: context.environment["OPENAI_API_KEY"],
    clock: context.clock,
    monotonic: () => performance.now(),
  });
}

/** Keeps every answer that the caller gives in the recording, whether it was fresh or stored. */
function recordingCaller(caller: Caller, keep: KeepCall): Caller {
  return {
    ask: async (request, purpose) => {
      const answer = await caller.ask(request, purpose);
      await keep(request, answer.completion);
      return answer;
    },
  };
}

/** A replay answers from nothing but its recording, and what answers here and now needs no cache. */
function needsCache({ provider }: ModelSettings, { replay }: ModelAccess): boolean {
  return replay === undefined && !isLocalProvider(provider);
}

/** One caller for each entry of `models`, made when it is first asked for. All of them share the user's `-j`. */
export function openModels(options: OpenModels): (settings: ModelSettings) => Caller {
  const { access, context, journal, usage } = options;
  if (access.record !== undefined && access.replay !== undefined) {
    throw new GateError("USAGE", "--record and --replay exclude each other");
  }
  const slots = pLimit(access.concurrency);
  const cache = journaledCache(journal, sharedCache(options));
  const callers = new Map<ModelSettings, Caller>();
  return (settings) => {
    const known = callers.get(settings);
    if (known !== undefined) return known;
    const price = priceOf(settings)?.price;
    const model = openModel(settings, options);
    const live = createCaller({
      model,
      price,
      slots,
      cache: needsCache(settings, access) ? cache : null,
      usage,
      // What is replayed was paid for when it was recorded.
      admit: (purpose) => options.admit(purpose, access.replay === undefined ? price : FREE),
      monotonic: () => performance.now(),
      random: Math.random,
      sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
      signal: context.signal,
    });
    const { record } = access;
    const caller = record === undefined ? live : recordingCaller(live, openRecording(model, record));
    callers.set(settings, caller);
    return caller;
  };
}
