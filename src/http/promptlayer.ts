import type { ErrorCode } from "../domain/errors.ts";
import { platformApi, type PlatformApi } from "./platform-api.ts";

/** How to reach a workspace on PromptLayer. */
export interface PromptLayerConnection {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** Never printed. */
  readonly apiKey: string;
  readonly timeoutMs: number;
  /** Waits between attempts; handed in by tests. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** A client of one workspace; `failure` is the code of answers that make no sense. */
export function promptLayerApi(connection: PromptLayerConnection, failure: ErrorCode): PlatformApi {
  const { baseUrl, apiKey, timeoutMs, wait } = connection;
  return platformApi({
    service: "promptlayer",
    baseUrl,
    headers: { "x-api-key": apiKey },
    failure,
    timeoutMs,
    credentialsHint:
      "check apiKey, that it is of the workspace meant, and what its role on promptlayer may do",
    ...(wait === undefined ? {} : { wait }),
  });
}

/** A time as PromptLayer writes it, in UTC with or without saying so -> ISO 8601, or null. */
export function promptLayerTime(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
