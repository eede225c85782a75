import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { linesOf } from "../../src/models/openai-batch-lines.ts";

async function* chunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const size of sizes) {
    yield bytes.subarray(start, start + size);
    start += size;
  }
  yield bytes.subarray(start);
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(1_000_000, 97);
}

async function read(body: AsyncIterable<Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(body)) lines.push(line);
  return lines;
}

describe("the lines of a stream", () => {
  it("are the same however the bytes arrive, and none is blank", async () => {
    const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("\n", " "));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 12 }),
        fc.array(fc.nat(9), { maxLength: 40 }),
        fc.boolean(),
        async (lines, sizes, ends) => {
          const text = lines.join("\n") + (ends ? "\n" : "");
          const expected = Buffer.from(text)
            .toString("utf8")
            .split("\n")
            .filter((each) => each.trim() !== "");
          expect(await read(chunks(Buffer.from(text), sizes))).toEqual(expected);
        },
      ),
    );
  });

  it("are refused when one grows beyond all measure", async () => {
    await expect(read(endless())).rejects.toMatchObject({
      code: "PROVIDER_FAILED",
      message: "a line of the results is longer than 50 MB",
    });
  });
});
