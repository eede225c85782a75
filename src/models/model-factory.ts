import type { Model } from "../domain/model.ts";
import type { Clock } from "../domain/ports.ts";
import type { ModelSettings } from "../domain/project.ts";

/** What a provider may need from outside. */
export interface ModelDependencies {
  /** `OPENAI_API_KEY`; sent to OpenAI's own servers alone, and only where the settings name no key. */
  readonly openaiApiKey: string | undefined;
  /** Wall time: a server may name the moment of a retry as a date. */
  readonly clock: Clock;
  /** Milliseconds of a clock that never jumps; only differences count. */
  readonly monotonic: () => number;
}

/** Makes a model from one entry of `models`. Throws `CONFIG_INVALID` and `AUTHENTICATION`; contacts nobody. */
export type ModelFactory = (settings: ModelSettings, dependencies: ModelDependencies) => Model;
