import type { Platform } from "../domain/platform.ts";
import type { Clock } from "../domain/ports.ts";
import { phoenixApi, type PhoenixConnection } from "../http/phoenix.ts";
import { phoenixSettings } from "../registries/phoenix.ts";
import { phoenixDatasets } from "./phoenix-datasets.ts";
import { probePhoenix } from "./phoenix-probe.ts";
import { phoenixScores } from "./phoenix-scores.ts";

/** Phoenix beside its prompts: datasets and experiments. */
export const phoenixPlatform = {
  settings: phoenixSettings,
  open(connection: PhoenixConnection, clock: Clock): Platform {
    const api = phoenixApi(connection, "PLATFORM_FAILED");
    return {
      datasets: phoenixDatasets(api),
      scores: phoenixScores(api, connection.baseUrl),
      probe: (question, signal) => probePhoenix(api, connection, { question, now: clock.now, signal }),
    };
  },
};
