import type { Assertion, Case } from "./case.ts";
import type { Digest } from "./digest.ts";
import type { Approver, EvidenceSettings } from "./evidence.ts";
import type { MetricsSettings } from "./metrics.ts";
import type { DatasetReference } from "./platform.ts";
import type { Problem } from "./problem.ts";
import type { PromptSource } from "./prompt.ts";
import type { RolloutStrategy } from "./rollout.ts";
import type { Rubric } from "./rubric.ts";
import type { GateLevel } from "./scores.ts";
import type { Policies } from "./tier.ts";
import type { Waiver } from "./waiver.ts";

/** US dollars per million tokens. */
export interface Price {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
}

/** One entry of `models`. */
export interface ModelSettings {
  /** A key of the table in `models/`. */
  readonly provider: string;
  /** The provider's model id. */
  readonly model: string;
  readonly baseUrl?: string;
  /** From the environment alone; never printed. */
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Query parameters, e.g. Azure's `api-version`. */
  readonly query?: Readonly<Record<string, string>>;
  readonly price?: Price;
  /** Deadline of one call in milliseconds. */
  readonly timeoutMs: number;
}

/** One entry of `gates` as the user wrote it; the metric's kind decides which fields it may have. */
export interface GateSettings {
  readonly level: GateLevel;
  readonly margin?: number;
  readonly maxIncrease?: number;
  readonly min?: number;
  readonly max?: number;
  readonly alphaMiss: number;
  readonly alphaBlock: number;
  /** Shrinks the margin of a judged metric by its judge's sensitivity + specificity - 1. */
  readonly adjustMargin?: boolean;
}

/** What is known of a case without reading it again. */
export interface CaseEntry {
  readonly id: string;
  readonly group?: string;
  readonly tags: readonly string[];
  readonly critical: boolean;
}

/** A dataset that was read and checked once; cases are read again on demand, so that a large one needs no memory. */
export interface Dataset {
  /** Relative to the project. */
  readonly file: string;
  /** Of the canonical JSON of the cases in id order: formatting and order do not count. */
  readonly digest: Digest;
  /** In file order. */
  readonly entries: readonly CaseEntry[];
  /** The distinct pairs of type and metric among the cases' own assertions. */
  readonly assertionMetrics: readonly Pick<Assertion, "type" | "metric">[];
  /** How many cases supply each variable. */
  readonly variableCounts: ReadonlyMap<string, number>;
  read(id: string): Promise<Case>;
  close(): Promise<void>;
}

/** Where transitions of rollouts are told, and what signs them. */
export interface NotifySettings {
  readonly url: string;
  /** Never printed. */
  readonly secret: string;
}

/** A dataset on a platform, and the state of it that the cases are of. */
export interface PulledFrom extends DatasetReference {
  /** What pins this state on the platform; null = nothing does, or it was not pulled. */
  readonly state: string | null;
}

export interface PromptProject {
  readonly name: string;
  /** The prompt file, relative to the project. */
  readonly file: string;
  /** The file with the cases; null where they are on a platform and were not pulled. */
  readonly dataset: string | null;
  /** Where the cases were pulled from, and what they were pinned by or could be; null where they are in a file. */
  readonly pulledFrom: PulledFrom | null;
  /** How many cases the dataset had when it was checked; null where they were not pulled. */
  readonly cases: number | null;
  /** Assertions on every case of the dataset. */
  readonly assert: readonly Assertion[];
  readonly judges: readonly Rubric[];
  readonly gates: Readonly<Record<string, GateSettings>>;
  /** Those that concern this prompt; none of them had expired when the project was read. */
  readonly waivers: readonly Waiver[];
  readonly rollout: RolloutStrategy;
}

/** Everything the user's files say, read and checked. */
export interface Project {
  /** Absolute path of the folder that holds the config. */
  readonly root: string;
  /** Relative to the root. */
  readonly configFile: string;
  /** `kind` is a key of the table in `registries/`; the rest is that adapter's. */
  readonly registry: { readonly kind: string; readonly [option: string]: unknown };
  /** `kind` is a key of the table in `stores/`; the rest is that adapter's. */
  readonly store: { readonly kind: string; readonly [option: string]: unknown };
  readonly metrics: MetricsSettings;
  /** Key of the table in `platforms/` -> options as for the registry of that kind, with their `${VAR}` unread. */
  readonly platforms: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly models: Readonly<Record<string, ModelSettings>>;
  readonly prompts: readonly PromptProject[];
  readonly policies: Policies;
  readonly evidence: EvidenceSettings;
  readonly approvers: readonly Approver[];
  readonly budget: {
    readonly usd: number | null;
    readonly minutes: number | null;
    /** Share of the money that is kept for judging, in [0,1). */
    readonly judgeReserve: number;
  };
  /** Stored answers of the version in production to each case; null = five once it was promoted, one before. */
  readonly baseline: { readonly samples: number | null };
  /** Largest size of the answers that runs share; null = no limit. */
  readonly cache: { readonly maxBytes: number | null };
  /** Warnings; errors were thrown. */
  readonly warnings: readonly Problem[];
}

/** A prompt file that was read and checked. */
export interface PromptFile {
  readonly file: string;
  readonly source: PromptSource;
}
