import type { ErrorCode } from "../domain/errors.ts";
import { platformApi, type PlatformApi } from "./platform-api.ts";

/** How to reach a project on Logfire. */
export interface LogfireConnection {
  /** An origin, without a slash at the end. */
  readonly baseUrl: string;
  /** An API key for variables, a read token for queries; never printed. */
  readonly key: string;
  readonly timeoutMs: number;
  /** Waits between attempts; handed in by tests. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

const REGIONS: Readonly<Record<string, string>> = {
  us: "https://logfire-us.pydantic.dev",
  eu: "https://logfire-eu.pydantic.dev",
};

/** The address of the region that a key or token names; null = it names none that is known. */
export function logfireAddress(key: string): string | null {
  const region = /^pylf_v\d+_([a-z]+)_/.exec(key)?.[1] ?? "";
  return Object.hasOwn(REGIONS, region) ? (REGIONS[region] ?? null) : null;
}

/** A client of one project; `failure` is the code of answers that make no sense, `keyName` what the config calls the key. */
export function logfireApi(
  { baseUrl, key, timeoutMs, wait }: LogfireConnection,
  failure: ErrorCode,
  keyName: "apiKey" | "readToken",
): PlatformApi {
  const needs =
    keyName === "apiKey" ? "the scopes project:read_variables and project:write_variables" : "read access";
  return platformApi({
    service: "logfire",
    baseUrl,
    headers: { authorization: `Bearer ${key}` },
    failure,
    timeoutMs,
    credentialsHint: `check that ${keyName} is of this project and region and has ${needs}`,
    ...(wait === undefined ? {} : { wait }),
  });
}
