import type * as z from "zod";
import type { Lacking, Platform, ScoreExport } from "../domain/platform.ts";
import type { Clock } from "../domain/ports.ts";
import { logfireApi } from "../http/logfire.ts";
import { logfireSettings } from "../registries/logfire.ts";
import { logfireDatasets } from "./logfire-datasets.ts";
import { probeLogfire } from "./logfire-probe.ts";
import { logfireScores } from "./logfire-scores.ts";

type LogfireOptions = z.infer<typeof logfireSettings>;

function scoresOf({ writeToken, readToken, ...connection }: LogfireOptions): ScoreExport | Lacking {
  if (writeToken !== null && readToken !== null)
    return logfireScores({ ...connection, writeToken, readToken });
  const reason =
    "takes results with a writeToken and looks for them with a readToken: set both beside apiKey";
  return { kind: "lacking", reason };
}

/** Logfire beside its variables: datasets and experiments. */
export const logfirePlatform = {
  settings: logfireSettings,
  open(options: LogfireOptions, clock: Clock): Platform {
    const api = logfireApi(options, "PLATFORM_FAILED", "apiKey");
    return {
      datasets: logfireDatasets(api),
      scores: scoresOf(options),
      probe: (question, signal) => probeLogfire(api, options, { question, now: clock.now, signal }),
    };
  },
};
