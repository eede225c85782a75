import type * as z from "zod";
import { GateError, type ErrorCode } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import {
  createJsonClient,
  statusError,
  type JsonAnswer,
  type JsonClientOptions,
  type JsonRequest,
} from "./json-client.ts";

/** A platform's API as its adapters call it. */
export interface PlatformApi {
  /** Throws `AUTHENTICATION`, `RATE_LIMITED`, `TIMEOUT`, `NETWORK`, `INTERRUPTED` or the caller's own failure. */
  readonly send: (request: JsonRequest) => Promise<JsonAnswer>;
  /** The answer's content; throws the caller's failure when it is something else. */
  readonly read: <Schema extends z.ZodType>(schema: Schema, answer: JsonAnswer) => z.infer<Schema>;
  /** The code of answers that make no sense. */
  readonly failure: ErrorCode;
  /** What an accepted status is that turned out to be a failure. */
  readonly refusal: (request: JsonRequest, answer: JsonAnswer) => GateError;
}

/** Calls and their answers, held to what the caller expects of them. */
export function platformApi(options: JsonClientOptions): PlatformApi {
  const { service, failure } = options;
  return {
    send: createJsonClient(options),
    failure,
    read(schema, answer) {
      const parsed = schema.safeParse(answer.json);
      if (parsed.success) return parsed.data;
      const path = parsed.error.issues[0]?.path.join(".") ?? "";
      const where = answer.json === null ? "it is no JSON" : `at ${visibleLine(path, 80)}`;
      throw new GateError(failure, `${service}: the answer cannot be read: ${where}`, {
        hint: `check that baseUrl is the address of ${service} and not of a page in front of it`,
        retryable: answer.json === null,
      });
    },
    refusal: (request, answer) => statusError(options, request, answer),
  };
}
