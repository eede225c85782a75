import type { Platform } from "../domain/platform.ts";
import type { Clock } from "../domain/ports.ts";
import { promptLayerApi, type PromptLayerConnection } from "../http/promptlayer.ts";
import { promptLayerSettings } from "../registries/promptlayer.ts";
import { promptLayerDatasets } from "./promptlayer-datasets.ts";
import { probePromptLayer } from "./promptlayer-probe.ts";
import { promptLayerScores } from "./promptlayer-scores.ts";

/** PromptLayer beside its prompts: datasets, and tables of answers and scores. */
export const promptLayerPlatform = {
  settings: promptLayerSettings,
  open(options: PromptLayerConnection, clock: Clock): Platform {
    const api = promptLayerApi(options, "PLATFORM_FAILED");
    return {
      datasets: promptLayerDatasets(api),
      scores: promptLayerScores(api, options.wait),
      probe: (question, signal) =>
        probePromptLayer(api, options.baseUrl, { question, now: () => clock.now(), signal }),
    };
  },
};
