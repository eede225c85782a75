import type { BatchModel } from "../../domain/batch.ts";
import { canonicalJson, type Digest } from "../../domain/digest.ts";
import type { Completion } from "../../domain/model.ts";
import type { ModelSettings } from "../../domain/project.ts";
import type { ModelIdentity } from "../../domain/stored-call.ts";
import type { MissingRequest, MissingRequests } from "./batch-requests.ts";
import type { Provider } from "./batch-submit.ts";

/** The run's journal, as a batch fills it. */
export interface AnswerStore {
  has(digest: Digest): boolean;
  /** Reads it anew: another process has added to it. */
  refresh(): void;
  /** Keeps and counts an answer; returns its cost in US dollars, null = unknown. */
  keep(digest: Digest, asked: MissingRequest, completion: Completion): number | null;
  /** Waits until what was kept is on the disk. */
  sync(): void;
}

/** Money kept for one batch. */
export interface StageReservation {
  /** Of one answer; null = unknown. */
  spend(costUsd: number | null): void;
  release(): void;
}

/** The requests of one purpose and where their answers go. */
export interface Stage {
  readonly provider: Provider;
  readonly wanted: MissingRequests;
  modelOf(settings: ModelSettings): BatchModel;
  readonly answers: AnswerStore;
  /** Throws when the command's time is over. */
  checkTime(): void;
  /** US dollars of so many requests to this model. Throws `BUDGET_REACHED` unless they are `submitted` already. */
  reserve(settings: ModelSettings, requests: number, submitted: boolean): StageReservation;
  say(line: string): void;
  warn(line: string): void;
  /** Requests that have an answer, good or bad. */
  showFinished(requests: number): void;
}

/** How far a stage has come in this process. */
export interface Progress {
  /** Requests whose answers are awaited. */
  readonly open: Map<Digest, MissingRequest>;
  /** Submission -> requests answered by a batch that is still at work. */
  readonly working: Map<string, number>;
  readonly reservations: Map<string, StageReservation>;
  /** Closed submissions that this process knows of. */
  readonly seen: Set<string>;
  readonly expiries: Map<Digest, number>;
  /** Model -> requests of one batch, where the provider refused more at a time. */
  readonly smaller: Map<string, number>;
  /** Attempts in a row from which no batch came, why, and how long the provider wants to be left alone. */
  lost: number;
  trouble: unknown;
  waitMs: number;
}

export function newProgress(wanted: MissingRequests): Progress {
  return {
    open: new Map(wanted),
    working: new Map(),
    reservations: new Map(),
    seen: new Set(),
    expiries: new Map(),
    smaller: new Map(),
    lost: 0,
    trouble: null,
    waitMs: 0,
  };
}

/** One batch holds requests to one model. */
export function modelKey({ provider, model, baseUrl }: ModelIdentity): string {
  return canonicalJson({ provider, model, baseUrl });
}
