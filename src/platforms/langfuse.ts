import type { Platform } from "../domain/platform.ts";
import type { Clock } from "../domain/ports.ts";
import { langfuseApi } from "../http/langfuse.ts";
import { langfuseSettings, type LangfuseRegistryOptions } from "../registries/langfuse.ts";
import { langfuseDatasets } from "./langfuse-datasets.ts";
import { probeLangfuse } from "./langfuse-probe.ts";
import { langfuseScores } from "./langfuse-scores.ts";

/** Langfuse beside its prompts: datasets, dataset runs and scores. */
export const langfusePlatform = {
  settings: langfuseSettings,
  open(options: LangfuseRegistryOptions, clock: Clock): Platform {
    const api = langfuseApi(options, "PLATFORM_FAILED");
    return {
      datasets: langfuseDatasets(api),
      scores: langfuseScores(api, options),
      probe: (question, signal) => probeLangfuse(api, options, { question, now: clock.now, signal }),
    };
  },
};
