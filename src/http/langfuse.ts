import * as z from "zod";
import { GateError, type ErrorCode } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import {
  createJsonClient,
  statusError,
  type JsonAnswer,
  type JsonClientOptions,
  type JsonRequest,
} from "./json-client.ts";

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
export interface LangfuseApi {
  /** Throws `AUTHENTICATION`, `RATE_LIMITED`, `TIMEOUT`, `NETWORK`, `INTERRUPTED` or the caller's own failure. */
  readonly send: (request: JsonRequest) => Promise<JsonAnswer>;
  /** The answer's content; throws the caller's failure when it is something else. */
  readonly read: <Schema extends z.ZodType>(schema: Schema, answer: JsonAnswer) => z.infer<Schema>;
  /** The code of answers that make no sense. */
  readonly failure: ErrorCode;
  /** What an accepted status is that turned out to be a failure. */
  readonly refusal: (request: JsonRequest, answer: JsonAnswer) => GateError;
}

/** A client of one project; `failure` is the code of answers that make no sense. */
export function langfuseApi(connection: LangfuseConnection, failure: ErrorCode): LangfuseApi {
  const { baseUrl, publicKey, secretKey, timeoutMs, wait } = connection;
  const options: JsonClientOptions = {
    service: "langfuse",
    baseUrl,
    headers: { authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString("base64")}` },
    failure,
    timeoutMs,
    credentialsHint: "check publicKey and secretKey, and that baseUrl is the region of their project",
    ...(wait === undefined ? {} : { wait }),
  };
  return {
    send: createJsonClient(options),
    failure,
    read(schema, answer) {
      const parsed = schema.safeParse(answer.json);
      if (parsed.success) return parsed.data;
      const path = parsed.error.issues[0]?.path.join(".") ?? "";
      const where = answer.json === null ? "it is no JSON" : `at ${visibleLine(path, 80)}`;
      throw new GateError(failure, `langfuse: the answer cannot be read: ${where}`, {
        hint: "check that baseUrl is the address of Langfuse and not of a page in front of it",
        retryable: answer.json === null,
      });
    },
    refusal: (request, answer) => statusError(options, request, answer),
  };
}
