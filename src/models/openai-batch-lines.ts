import { GateError } from "../domain/errors.ts";

/** Longer lines are refused: a model writes kilobytes, so this is a broken or hostile server. */
const MAX_LINE_BYTES = 50_000_000;

/** The lines of a streamed text that are not blank, of which only one is held at a time. Throws `PROVIDER_FAILED`. */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const take = (): string => {
    const line = Buffer.concat(pieces).toString("utf8");
    pieces = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      pieces.push(chunk.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line.trim() !== "") yield line;
    }
    pieces.push(chunk.subarray(start));
    bytes += chunk.length - start;
    if (bytes > MAX_LINE_BYTES) {
      throw new GateError(
        "PROVIDER_FAILED",
        `a line of the results is longer than ${MAX_LINE_BYTES / 1_000_000} MB`,
        { hint: "set maxTokens, or check that baseUrl is a model server" },
      );
    }
  }
  const last = take();
  if (last.trim() !== "") yield last;
}
