import type { Clock } from "../domain/ports.ts";
import type { FallbackPrompt } from "./fallback.ts";
import type { ServedPrompt } from "./served.ts";
import type { ReleaseSource, SharedCache } from "./source.ts";
import type { Telemetry } from "./telemetry.ts";

export interface PromptClientOptions {
  readonly source: ReleaseSource;
  /** Milliseconds that a read counts as fresh: above 0, at most 300,000; default 60,000. */
  readonly ttl?: number;
  /** Milliseconds that the registry may take to answer; default 5,000. */
  readonly deadline?: number;
  /** A second level that processes share: `redisCache(client)` or `sharedCache({ get, set })`. */
  readonly cache?: SharedCache;
  /** By prompt name: what is served while the registry was never reached. */
  readonly fallback?: Readonly<Record<string, FallbackPrompt>>;
  /** Called for every prompt that is served; what it throws is swallowed. */
  readonly onServe?: (event: ServeEvent) => void;
  /** Called for every fault, once each; what it throws is swallowed. */
  readonly onProblem?: (problem: { readonly prompt: string; readonly error: Error }) => void;
  /** Where `PROMPTGATE_ROLLOUT` is read, once; default the process's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `@opentelemetry/api`; undefined looks for it, null leaves spans alone. */
  readonly telemetry?: Telemetry | null;
  readonly clock?: Clock;
}

export interface GetPromptOptions {
  /** Who is served: a user, a conversation. The same unit gets the same version while a rollout lasts. */
  readonly unit?: string | number | bigint | null;
  /** Serve what this label points at, outside of any rollout. */
  readonly label?: string;
}

/** One prompt that was served; what attribution of production metrics needs. */
export interface ServeEvent extends Pick<ServedPrompt, "version" | "variant" | "reason"> {
  readonly prompt: string;
  /** 0 to 99,999; null where no share of units was open or no unit was known. */
  readonly bucket: number | null;
  readonly salt: string | null;
  /** Of the release document; null without one. */
  readonly generation: number | null;
  readonly unit: string | null;
}

export interface PromptClient {
  /** Waits for the registry only while it knows nothing of this prompt. Throws only then, without a fallback. */
  getPrompt(name: string, options?: GetPromptOptions): Promise<ServedPrompt>;
  /** The same at once: null when nothing is known yet and there is no fallback. Renews behind the scenes. */
  peek(name: string, options?: GetPromptOptions): ServedPrompt | null;
  /** How often a share of units was open and the application named no unit. */
  readonly unassigned: number;
}
