import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import type { HttpAnswer } from "./openai-transport.ts";

/** What a failure is told in terms of. */
export interface FailureContext {
  /** The model's id as the config names it. */
  readonly model: string;
  /** Host and path of the endpoint, without the query. */
  readonly server: string;
  /** Wall time in milliseconds, for a `Retry-After` that is a date. */
  readonly now: number;
  /** Values that no message may hold. */
  readonly secrets: readonly string[];
}

/** A refusal by status, as `refusalOf` makes it and the openai package throws it; other errors do not match. */
const refusalSchema = z.object({
  status: z.int(),
  headers: z.custom<Headers>((value) => value instanceof Headers).optional(),
  error: z
    .object({
      message: z.string().nullish(),
      type: z.string().nullish(),
      code: z.unknown(),
      param: z.unknown(),
    })
    .partial()
    .nullish()
    .catch(null),
  message: z.string().catch(""),
});
type Refusal = z.infer<typeof refusalSchema>;

/** Servers of some routers answer 200 and put the failure into the body. */
const envelopeSchema = z.object({
  choices: z.undefined().optional(),
  error: z.object({ message: z.string().optional(), code: z.unknown() }),
});

const KEY_LIKE = /\b((sk|pk|rk|gsk)[-_]|Bearer )[\w.*-]{6,}/gi;
const NOT_RESOLVED = new Set(["ENOTFOUND", "EAI_AGAIN"]);
const CERTIFICATE = /CERT|SIGNED|VERIFY|TLS|SSL/;
const QUOTA = new Set(["insufficient_quota", "billing_hard_limit_reached"]);
const SAME_FOR_ALL_CALLS = new Set(["unsupported_parameter", "unsupported_value", "model_not_found"]);

/** A server's words, harmless: one short line without secrets. */
export function excerpt(text: string, secrets: readonly string[]): string {
  const redacted = secrets.reduce((line, secret) => line.replaceAll(secret, "[secret]"), text.slice(0, 4000));
  return visibleLine(redacted.replace(KEY_LIKE, "[secret]"), 160);
}

/** Milliseconds from `retry-after-ms` or `Retry-After` (seconds or a date); undefined when absent or senseless. */
export function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const milliseconds = headers?.get("retry-after-ms") ?? "";
  if (/^\d+(\.\d+)?$/.test(milliseconds)) return Number(milliseconds);
  const text = headers?.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function authenticationFailure(status: number, words: string, { model, server }: FailureContext): GateError {
  return new GateError("AUTHENTICATION", `${server} refused the key (${status})${words}`, {
    hint: `check the key of model ${visibleLine(model)}: OPENAI_API_KEY for OpenAI, else its apiKey or headers`,
    fatal: true,
  });
}

function limitFailure(refusal: Refusal, words: string, context: FailureContext): GateError {
  const { server, now } = context;
  if (
    refusal.status === 402 ||
    QUOTA.has(String(refusal.error?.code)) ||
    QUOTA.has(refusal.error?.type ?? "")
  ) {
    return new GateError("QUOTA_EXHAUSTED", `${server}: the account has no quota left${words}`, {
      hint: "raise the quota or pay the bill, then run the same command again",
      fatal: true,
    });
  }
  const wait = retryAfter(refusal.headers, now);
  return new GateError("RATE_LIMITED", `${server} limits the rate of calls (429)${words}`, {
    hint: "lower -j, or run again later: completed calls are kept",
    retryable: true,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

function statusFailure(refusal: Refusal, context: FailureContext): GateError {
  const { status } = refusal;
  const { server, model, now, secrets } = context;
  const said = excerpt(refusal.error?.message ?? "", secrets);
  const words = said === "" ? "" : `: ${said}`;
  if (status === 401 || status === 403) return authenticationFailure(status, words, context);
  if (status === 402 || status === 429) return limitFailure(refusal, words, context);
  if (status === 404) {
    return new GateError(
      "PROVIDER_FAILED",
      `${server} does not know model ${visibleLine(model)} (404)${words}`,
      {
        hint: "check `model` and `baseUrl` under models in the config",
        fatal: true,
      },
    );
  }
  if (status >= 300 && status < 400) {
    return new GateError("PROVIDER_FAILED", `${server} redirects (${status}); redirects are not followed`, {
      hint: "set baseUrl to the server's final address",
      fatal: true,
    });
  }
  const retryable = status === 408 || status === 409 || status >= 500;
  const wait = retryAfter(refusal.headers, now);
  return new GateError("PROVIDER_FAILED", `${server} answered ${status}${words}`, {
    retryable,
    fatal: SAME_FOR_ALL_CALLS.has(String(refusal.error?.code)),
    ...(retryable && wait !== undefined ? { retryAfterMs: wait } : {}),
  });
}

function networkFailure(code: string, { server }: FailureContext): GateError {
  if (NOT_RESOLVED.has(code)) {
    return new GateError("NETWORK", `${server}: the host name cannot be resolved (${code})`, {
      hint: "check baseUrl and the network",
      retryable: true,
    });
  }
  if (CERTIFICATE.test(code)) {
    return new GateError("NETWORK", `${server}: no trusted TLS connection (${code})`, {
      hint: "check https in baseUrl; an authority of your own goes into NODE_EXTRA_CA_CERTS",
      fatal: true,
    });
  }
  return new GateError(
    "NETWORK",
    `${server}: ${code === "ECONNREFUSED" ? "nobody listens" : "the connection broke"} (${code})`,
    {
      hint: "check that the server runs and that baseUrl names it",
      retryable: true,
    },
  );
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let link = error; link instanceof Error && chain.length < 5; link = link.cause) chain.push(link);
  return chain;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An answer whose status says that there is no completion in it, as an error that `readFailure` understands. */
export function refusalOf({ status, headers, text }: HttpAnswer): Error {
  const body = parsedJson(text);
  const error = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
  const given = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return Object.assign(new Error(`status ${status}`), { status, error, headers: new Headers(given) });
}

/** A failed attempt as a `GateError` that says whether the same call may succeed later. Never holds secrets or bodies. */
export function readFailure(error: unknown, context: FailureContext): GateError {
  const chain = causes(error);
  const known = chain.find((link) => link instanceof GateError);
  if (known !== undefined) return known;
  const refusal = refusalSchema.safeParse(error);
  if (refusal.success) return statusFailure(refusal.data, context);
  for (const link of chain) {
    const code = (link as NodeJS.ErrnoException).code;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code)) return networkFailure(code, context);
  }
  if (chain.some((link) => link instanceof SyntaxError)) {
    return new GateError("PROVIDER_FAILED", `${context.server}: the answer is not JSON`, { retryable: true });
  }
  const message = chain[0] instanceof Error ? chain[0].message : String(error);
  return new GateError("NETWORK", `${context.server}: ${excerpt(message, context.secrets)}`, {
    retryable: true,
  });
}

/** The failure that a response body with status 200 tells of, or null. */
export function envelopeFailure(body: unknown, context: FailureContext): GateError | null {
  // Said of every good answer, so it is said without a schema.
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  const envelope = envelopeSchema.safeParse(body);
  if (!envelope.success) return null;
  const { code } = envelope.data.error;
  const status = typeof code === "number" && code >= 300 && code < 600 ? code : 502;
  return readFailure({ status, error: envelope.data.error, message: "" }, context);
}

/** True when the server refuses `max_tokens` and wants the newer name. */
export function refusesMaxTokens(error: unknown): boolean {
  const refusal = refusalSchema.safeParse(error);
  if (!refusal.success || refusal.data.status !== 400) return false;
  const { param, message } = refusal.data.error ?? {};
  return param === "max_tokens" || (message?.includes("max_completion_tokens") ?? false);
}
