import type { ErrorCode } from "../domain/errors.ts";
import { platformApi, type PlatformApi } from "./platform-api.ts";

/** How to reach a project on Langfuse. */
export interface LangfuseConnection {
  /** Without `/api/public` and without a slash at the end. */
  readonly baseUrl: string;
  readonly publicKey: string;
  /** Never printed. */
  readonly secretKey: string;
  readonly timeoutMs: number;
  /** Waits between attempts; handed in by tests. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** Langfuse's API as its adapters call it. */
export type LangfuseApi = PlatformApi;

/** A client of one project; `failure` is the code of answers that make no sense. */
export function langfuseApi(connection: LangfuseConnection, failure: ErrorCode): LangfuseApi {
  const { baseUrl, publicKey, secretKey, timeoutMs, wait } = connection;
  return platformApi({
    service: "langfuse",
    baseUrl,
    headers: { authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString("base64")}` },
    failure,
    timeoutMs,
    credentialsHint: "check publicKey and secretKey, and that baseUrl is the region of their project",
    ...(wait === undefined ? {} : { wait }),
  });
}
