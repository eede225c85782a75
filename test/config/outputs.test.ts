import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openOutputs, type OutputsFile } from "../../src/config/outputs.ts";
import { aFolder } from "./project-folder.ts";

const lines = [
  '{"id":"b","output":"B"}',
  '{"id":"a","sample":1,"output":{"x":1},"latencyMs":12,"costUsd":0.1,"usage":{"inputTokens":3,"outputTokens":4},"finishReason":"stop","toolCalls":[{"name":"f","arguments":{"y":2}}]}',
  '{"id":"a","output":""}',
];

function open(text: string): Promise<OutputsFile> {
  return openOutputs(aFolder({ "out.jsonl": text }), "out.jsonl");
}

describe("stored outputs", () => {
  it("are found by case and sample", async () => {
    const outputs = await open(lines.join("\n"));
    expect([outputs.samples("a"), outputs.samples("b"), outputs.samples("constructor")]).toEqual([2, 1, 0]);
    expect([...outputs.ids()]).toEqual(["b", "a"]);
    expect(await outputs.read("a", 1)).toEqual({
      completion: {
        text: '{"x":1}',
        toolCalls: [{ name: "f", arguments: '{"y":2}' }],
        finishReason: "stop",
        model: "stored output",
        usage: { inputTokens: 3, outputTokens: 4 },
        latencyMs: 12,
      },
      costUsd: 0.1,
    });
    expect((await outputs.read("a", 0))?.completion).toMatchObject({
      text: "",
      usage: null,
      latencyMs: null,
    });
    expect(await outputs.read("a", 2)).toBeNull();
    await outputs.close();
  });

  it("have one digest in any order", async () => {
    const [one, two, other] = await Promise.all([
      open(lines.join("\n")),
      open(lines.toReversed().join("\r\n")),
      open(lines.join("\n").replace('"B"', '"b"')),
    ]);
    expect(one.digest).toBe(two.digest);
    expect(other.digest).not.toBe(one.digest);
    await Promise.all([one, two, other].map((outputs) => outputs.close()));
  });

  it("may be of 5 MB and lie anywhere", async () => {
    const folder = aFolder({ "big.jsonl": JSON.stringify({ id: "a", output: "x".repeat(5_000_000) }) });
    const outputs = await openOutputs("/", join(folder, "big.jsonl"));
    expect((await outputs.read("a", 0))?.completion.text).toHaveLength(5_000_000);
    await outputs.close();
  });

  it("are refused when they change while in use", async () => {
    const folder = aFolder({ "out.jsonl": lines.join("\n") });
    const outputs = await openOutputs(folder, "out.jsonl");
    writeFileSync(join(folder, "out.jsonl"), lines.join("\n").replace('"B"', '"b"'));
    await expect(outputs.read("b", 0)).rejects.toMatchObject({ code: "DATASET_INVALID" });
    await outputs.close();
  });

  it.each([
    [
      `${lines[0]}\n${lines[0]}`,
      'out.jsonl:2:7 id: expected one output for case "b", sample 0; line 1 has one too',
    ],
    ['{"id":"a"}', "out.jsonl:1:1 output: expected text, a mapping or a list, got nothing"],
    ['{"id":"a","output":3}', "out.jsonl:1:20 output: expected text, a mapping or a list, got 3"],
    ['{"id":"a","output":"x","latency":3}', 'out.jsonl:1:24 latency: unknown key; did you mean "latencyMs"?'],
    ['{"id":"a","output":"x","sample":-1}', "out.jsonl:1:33 sample: expected a number of at least 0, got -1"],
    ["", "out.jsonl: has no outputs: expected at least one"],
  ])("%j is refused", async (text, expected) => {
    await expect(open(text)).rejects.toThrow(expected);
  });
});
