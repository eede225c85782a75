import type { Platform } from "../domain/platform.ts";
import type { Clock } from "../domain/ports.ts";
import { langsmithApi, type LangsmithConnection } from "../http/langsmith.ts";
import { langsmithSettings } from "../registries/langsmith.ts";
import { langsmithDatasets } from "./langsmith-datasets.ts";
import { probeLangsmith } from "./langsmith-probe.ts";
import { langsmithScores } from "./langsmith-scores.ts";

/** LangSmith beside its prompts: datasets, experiments and feedback. */
export const langsmithPlatform = {
  settings: langsmithSettings,
  open(options: LangsmithConnection, clock: Clock): Platform {
    const api = langsmithApi(options, "PLATFORM_FAILED");
    const { baseUrl } = options;
    return {
      datasets: langsmithDatasets(api),
      scores: langsmithScores(api, baseUrl),
      probe: (question, signal) => probeLangsmith(api, baseUrl, { question, now: clock.now, signal }),
    };
  },
};
