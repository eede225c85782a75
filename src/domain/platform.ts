import { createHash } from "node:crypto";
import type { Variables } from "./case.ts";
import type { Digest } from "./digest.ts";
import type { Finding } from "./finding.ts";
import type { VerdictKind } from "./scores.ts";

/** What a platform cannot do, in words that end a sentence: "promptlayer has …". */
export interface Lacking {
  readonly kind: "lacking";
  readonly reason: string;
}

/** `dataset` of a prompt whose cases are on a platform. */
export interface DatasetReference {
  /** A key of the table in `platforms/`. */
  readonly from: string;
  readonly name: string;
  /** As the platform pins a state: a version id, a tag, a time. Without it the newest state counts. */
  readonly version?: string;
  /** Of the cases, whatever the platform says. */
  readonly digest?: Digest;
}

/** One item as the platform has it; what is absent there is absent here. */
export interface PlatformItem {
  /** Unique in the dataset, and the same in every version of it. */
  readonly id: string;
  readonly input: unknown;
  readonly expectedOutput?: unknown;
  readonly metadata?: unknown;
}

/** A dataset at one state. */
export interface PlatformDataset {
  /** Written as `version` in the config it means the same items again; null where the platform has nothing that does. */
  readonly version: string | null;
  /** In any order, page by page. */
  readonly items: AsyncIterable<PlatformItem>;
}

/**
 * Where a platform keeps cases. Throws `DATASET_INVALID` for a dataset or version that does not exist, and
 * `AUTHENTICATION`, `NETWORK`, `TIMEOUT`, `RATE_LIMITED` or `PLATFORM_FAILED` for what the platform does.
 */
export interface DatasetSource {
  readonly kind: "datasets";
  open(reference: Pick<DatasetReference, "name" | "version">, signal: AbortSignal): Promise<PlatformDataset>;
}

/** One answer of a version to a case, and its scores. */
export interface ExperimentAnswer {
  /** The item's id, where the cases came from the platform. */
  readonly caseId: string;
  /** Counts from 0. */
  readonly sample: number;
  readonly input: Variables;
  readonly expected?: unknown;
  /** Null when it was not kept. */
  readonly output: string | null;
  /** Metric -> score in [0,1]; null = unscored. */
  readonly scores: Readonly<Record<string, number | null>>;
  /** Null = not measured. */
  readonly latencyMs: number | null;
  readonly costUsd: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
}

/** One side of a decided gate run: a version of a prompt over the cases. */
export interface Experiment {
  /** The same for the same run and side, always: ids of what is written are made of it with `stableId`. */
  readonly id: string;
  /** For people; unique like the id, at most 120 characters. */
  readonly name: string;
  readonly prompt: string;
  readonly side: "baseline" | "candidate";
  readonly version: string;
  readonly digest: Digest;
  /** True when the platform's own registry holds exactly this version, so that answers may link to it. */
  readonly published: boolean;
  /** The provider's id of the model that answered; null where outputs were given. */
  readonly model: string | null;
  readonly verdict: VerdictKind;
  readonly headline: string;
  /** ISO 8601, UTC: when the verdict was reached; the same when the export is repeated. */
  readonly at: string;
  /** The dataset on this platform that the cases came from; null where they came from a file or another one. */
  readonly dataset: Pick<DatasetReference, "name" | "version"> | null;
  /** Of the cases. */
  readonly datasetDigest: Digest;
  /** Mean scores of this side as the gate saw them; null = not measured. */
  readonly means: Readonly<Record<string, number | null>>;
  /** Where the gate ran, for people; null where nobody knows. */
  readonly link: string | null;
  readonly answers: readonly ExperimentAnswer[];
}

/** What an export left on the platform. */
export interface Exported {
  /** Answers that are there now. */
  readonly answers: number;
  /** Scores that are there now. */
  readonly scores: number;
  /** Where a person sees them; null where the platform does not say. */
  readonly url: string | null;
  /** What could not be written as it is, in a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Where a platform takes the results of gates. Writing the same experiment again leaves one of everything: every id is
 * made of the experiment's, or what is there is looked for first. Throws as `DatasetSource` does.
 */
export interface ScoreExport {
  readonly kind: "scores";
  write(experiment: Experiment, signal: AbortSignal): Promise<Exported>;
}

/** What `doctor` asks a platform about. */
export interface ProbeQuestion {
  /** Prompts of the config, and labels that are in use or will be. */
  readonly prompts: readonly string[];
  readonly labels: readonly string[];
  /** What the project uses the platform for. */
  readonly uses: ReadonlySet<"registry" | "metrics" | "datasets" | "scores">;
}

/**
 * A platform beside its registry and metrics. Made of the same options as the registry of that kind; settings that are
 * wrong throw `CONFIG_INVALID` when it is opened.
 */
export interface Platform {
  readonly datasets: DatasetSource | Lacking;
  readonly scores: ScoreExport | Lacking;
  /**
   * Credentials, scopes, region, reachability, clock and rules for names, one finding each. Never throws for what the
   * platform does: that is what is found. Writes nothing.
   */
  probe(question: ProbeQuestion, signal: AbortSignal): Promise<readonly Finding[]>;
}

/** `length` hex digits (at most 64) that are the same for the same parts, always. */
export function stableId(length: number, ...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts), "utf8").digest("hex").slice(0, length);
}

/** A UUID (version 8) that is the same for the same parts, always. */
export function stableUuid(...parts: readonly (string | number)[]): string {
  const hex = stableId(32, ...parts);
  const variant = "89ab"[Number.parseInt(hex.slice(16, 17), 16) % 4] ?? "8";
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
