import { validateHeaderName, validateHeaderValue } from "node:http";
import { GateError } from "../domain/errors.ts";
import type { PrometheusSettings } from "../domain/metrics.ts";
import { visibleLine } from "../domain/visible.ts";

/** Larger answers are no answers to what was asked: one number for each bucket and version. */
const ANSWER_BYTES = 16 << 20;
const CERTIFICATE = /CERT|SIGNED|VERIFY|TLS|SSL/;

/** What the server sent, whatever its status. */
export interface ServerAnswer {
  readonly status: number;
  readonly text: string;
}

/** The server for messages; the path may hold a token. */
export function serverName({ url }: Pick<PrometheusSettings, "url">): string {
  return visibleLine(new URL(url).host);
}

/** A server's words on one short line, without what was sent to it as a header. */
export function serverWords(text: string, { headers }: Pick<PrometheusSettings, "headers">): string {
  const parts = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
  const secrets = parts.filter((part) => part.length >= 6).sort((left, right) => right.length - left.length);
  return visibleLine(
    secrets.reduce((line, secret) => line.replaceAll(secret, "[secret]"), text.slice(0, 4000)),
    200,
  );
}

/** Throws `CONFIG_INVALID`; fetch would quote the value, which may be a secret. */
export function checkHeaders(headers: PrometheusSettings["headers"]): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new GateError("CONFIG_INVALID", `metrics.headers: ${visibleLine(name)} is no valid HTTP header`, {
        hint: "look for line breaks and characters outside Latin-1 in its value",
      });
    }
  }
}

async function boundedText(response: Response, server: string): Promise<string> {
  const decoder = new TextDecoder();
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > ANSWER_BYTES) {
      await reader.cancel();
      throw new GateError("METRICS_FAILED", `${server} answered more than ${ANSWER_BYTES >> 20} MB`, {
        hint: "let the queries end in sum by (version) (…), so that they give one series a version",
      });
    }
    text += decoder.decode(value, { stream: true });
  }
}

function systemCode(error: unknown): string {
  for (let link = error, depth = 0; link instanceof Error && depth < 5; link = link.cause, depth += 1) {
    const { code } = link as NodeJS.ErrnoException;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
  }
  return "";
}

function networkFailure(error: unknown, server: string): GateError {
  const code = systemCode(error);
  if (CERTIFICATE.test(code)) {
    return new GateError("NETWORK", `${server}: no trusted TLS connection (${code})`, {
      hint: "check https in metrics.url; an authority of your own goes into NODE_EXTRA_CA_CERTS",
    });
  }
  const what = code === "ECONNREFUSED" ? "nobody listens" : "no connection, or it broke";
  return new GateError("NETWORK", `${server}: ${what}${code === "" ? "" : ` (${code})`}`, {
    hint: "check that the server runs and that metrics.url names it",
    retryable: true,
  });
}

/**
 * Asks one endpoint below `/api/v1`. Throws `TIMEOUT`, `NETWORK`, `INTERRUPTED`, and `METRICS_FAILED` for an answer
 * without end; messages never hold a header's value.
 */
export async function askServer(
  settings: PrometheusSettings,
  endpoint: string,
  form: URLSearchParams,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  const server = serverName(settings);
  const deadline = AbortSignal.timeout(settings.timeoutMs);
  try {
    const response = await fetch(`${settings.url.replace(/\/+$/, "")}/api/v1/${endpoint}`, {
      method: "POST",
      headers: { accept: "application/json", ...settings.headers },
      body: form,
      // A header with a secret goes to the server that the config names and to no other.
      redirect: "manual",
      signal: AbortSignal.any([signal, deadline]),
    });
    return { status: response.status, text: await boundedText(response, server) };
  } catch (error) {
    if (error instanceof GateError) throw error;
    if (signal.aborted) throw new GateError("INTERRUPTED", "asking for metrics was interrupted");
    if (deadline.aborted) {
      throw new GateError("TIMEOUT", `${server}: no complete answer within ${settings.timeoutMs} ms`, {
        hint: "raise metrics.timeout, or record the queries by rules on the server",
        retryable: true,
      });
    }
    throw networkFailure(error, server);
  }
}
