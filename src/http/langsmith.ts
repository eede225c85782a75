import type { ErrorCode } from "../domain/errors.ts";
import { platformApi, type PlatformApi } from "./platform-api.ts";

/** How to reach a workspace on LangSmith. */
export interface LangsmithConnection {
  /** What LangSmith's own clients call the endpoint, without a slash at the end. */
  readonly baseUrl: string;
  /** Never printed. */
  readonly apiKey: string;
  /** Which workspace is meant, for keys of a whole organization; null = the key's own. */
  readonly workspaceId: string | null;
  readonly timeoutMs: number;
  /** Waits between attempts; handed in by tests. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** A client of one workspace; `failure` is the code of answers that make no sense. */
export function langsmithApi(connection: LangsmithConnection, failure: ErrorCode): PlatformApi {
  const { baseUrl, apiKey, workspaceId, timeoutMs, wait } = connection;
  return platformApi({
    service: "langsmith",
    baseUrl,
    headers: { "x-api-key": apiKey, ...(workspaceId === null ? {} : { "x-tenant-id": workspaceId }) },
    failure,
    timeoutMs,
    credentialsHint:
      "check apiKey and what it may do, that baseUrl is the region of its workspace, and workspaceId for keys of an organization",
    ...(wait === undefined ? {} : { wait }),
  });
}

const ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i;

/** Milliseconds since 1970 of a time as LangSmith writes it: often without its zone, which is UTC; NaN for other text. */
export function langsmithTime(text: string): number {
  return Date.parse(ZONE.test(text) ? text : `${text}Z`);
}
