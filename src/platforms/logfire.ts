import type { Platform } from "../domain/platform.ts";
import type { Clock } from "../domain/ports.ts";
import { logfireApi } from "../http/logfire.ts";
import { logfireSettings, type LogfireRegistryOptions } from "../registries/logfire.ts";
import { logfireDatasets } from "./logfire-datasets.ts";
import { probeLogfire } from "./logfire-probe.ts";

/** Logfire beside its variables: datasets. */
export const logfirePlatform = {
  settings: logfireSettings,
  open(options: LogfireRegistryOptions, clock: Clock): Platform {
    const api = logfireApi(options, "PLATFORM_FAILED", "apiKey");
    return {
      datasets: logfireDatasets(api),
      scores: {
        kind: "lacking",
        reason:
          "no interface for results: experiments there are traces of a run, shown twice when sent twice",
      },
      probe: (question, signal) => probeLogfire(api, options, { question, now: clock.now, signal }),
    };
  },
};
