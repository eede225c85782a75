import { GateError, type ErrorCode } from "../domain/errors.ts";

const LARGEST_BYTES = 32 << 20;

/** The whole body as text; a body without end is an error with the caller's code. */
export async function readBody(response: Response, service: string, failure: ErrorCode): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BYTES) {
      throw new GateError(failure, `${service} answered more than ${LARGEST_BYTES >> 20} MB`, {
        hint: "check that the address in the config is that of the platform's API",
      });
    }
    parts.push(decoder.decode(chunk, { stream: true }));
  }
  return parts.join("") + decoder.decode();
}
