import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { GateResult } from "../../src/domain/gate-result.ts";
import { aProject, aPrompt } from "../e2e/project.ts";
import { checkout, refusal, withCandidate, type Checkout } from "./gate-checkout.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function known(folder: string): Checkout {
  folders.push(folder);
  return checkout(folder);
}

/** A project with 1.0.0 in production and a candidate that the instruction makes better or worse. */
async function aGate(instruction: string, judged = false, critical = 0): Promise<Checkout> {
  const project = aProject({ cases: 90, judged });
  folders.push(project.folder);
  const dataset = "golden-datasets/greeter.jsonl";
  const lines = readFileSync(join(project.folder, dataset), "utf8").split("\n");
  const marked = lines.map((line, index) =>
    index < critical ? line.replace("{", '{"critical":true,') : line,
  );
  project.write(dataset, marked.join("\n"));
  return withCandidate(project, instruction);
}

/** The same files on another machine: everything but what runs left behind. */
function anotherMachine({ folder }: Checkout): Checkout {
  const copy = mkdtempSync(join(tmpdir(), "promptgate-machine-"));
  cpSync(folder, copy, { recursive: true });
  rmSync(join(copy, ".promptgate/runs"), { recursive: true, force: true });
  return known(copy);
}

async function shards(at: Checkout, of: number): Promise<string> {
  const output = join(at.folder, "downloads");
  for (let index = 1; index <= of; index += 1) {
    const machine = anotherMachine(at);
    await machine.gate({ shard: `${index}/${of}`, shardOutput: join("out", String(index)) });
    cpSync(join(machine.folder, "out", String(index)), join(output, String(index)), { recursive: true });
  }
  return output;
}

/** A result without what depends on where and how often it was made. */
function verdictOf({ verdict, exitCode, prompts }: GateResult): unknown {
  return { verdict, exitCode, prompts: prompts.map((prompt) => ({ ...prompt, usage: null, stored: null })) };
}

const worse = "Answer only from the context. Answer in one word.";
const better = "Answer only from the context. Name the price.";

describe("merge", () => {
  it.each([
    ["as good", { instruction: better, judged: false, critical: 0, of: 3, expected: 0 }],
    ["worse", { instruction: worse, judged: false, critical: 9, of: 2, expected: 1 }],
    ["judged", { instruction: better, judged: true, critical: 9, of: 4, expected: 0 }],
  ])("gives the verdict of one machine for a candidate that is %s", async (_, shape) => {
    const { instruction, judged, critical, of, expected } = shape;
    const whole = await aGate(instruction, judged, critical);
    const parts = anotherMachine(whole);
    const exitCode = await whole.gate();
    const downloads = await shards(parts, of);
    expect(exitCode).toBe(expected);
    expect(await parts.merge([downloads])).toBe(exitCode);
    expect(verdictOf(parts.printed())).toEqual(verdictOf(whole.printed()));
  });

  it("keeps the result in the run's folder, and repeats it", async () => {
    const made = await aGate(better);
    const downloads = await shards(made, 2);
    await made.merge([join(downloads, "1"), join(downloads, "2")]);
    const [first] = made.printed().prompts;
    expect(readdirSync(join(made.folder, first?.runDir ?? ""))).toContain("result.json");
    expect(first?.stored).toBe(false);
    await made.merge([downloads]);
    expect(made.printed().prompts[0]?.stored).toBe(true);
  });

  it("finds shards that one machine wrote into the run's folder", async () => {
    const made = await aGate(better);
    await made.gate({ shard: "1/2" });
    await made.gate({ shard: "2/2" });
    const { next } = made.printed() as unknown as { next: string };
    const [, pattern = ""] = /^promptgate merge (\S+)\/\*-of-2$/.exec(next) ?? [];
    expect(await made.merge([pattern])).toBe(0);
  });

  it("draws a verdict that needs no call again", async () => {
    const made = await aGate("Answer only from the context.");
    const downloads = await shards(made, 2);
    expect(await made.merge([downloads])).toBe(0);
    expect(made.printed().prompts[0]?.headline).toMatch(/^Nothing changed/);
  });
});

async function twoShards(): Promise<{ made: Checkout; downloads: string }> {
  const made = await aGate(better);
  return { made, downloads: await shards(made, 2) };
}

describe("a set of shards that is not whole", () => {
  it.each<[string, (downloads: string) => void, RegExp]>([
    [
      "a missing one",
      (downloads) => rmSync(join(downloads, "2"), { recursive: true }),
      /shard 2 of 2 is missing/,
    ],
    [
      "one that is there twice",
      (downloads) => cpSync(join(downloads, "1"), join(downloads, "copy"), { recursive: true }),
      /shard 1\/2 of greeter is there twice/,
    ],
    [
      "one whose scores were cut off",
      (downloads) => {
        const file = join(downloads, "1/greeter/candidate/scores.jsonl");
        writeFileSync(file, readFileSync(file, "utf8").split("\n").slice(0, -3).join("\n"));
      },
      /is truncated: candidate\/scores.jsonl is not the file/,
    ],
    [
      "one without a file",
      (downloads) => rmSync(join(downloads, "1/greeter/critical.jsonl")),
      /is truncated: critical.jsonl is missing/,
    ],
    [
      "one that was not finished",
      (downloads) => rmSync(join(downloads, "1/greeter/shard.json")),
      /shard 1 of 2 is missing/,
    ],
    [
      "one whose manifest was cut off",
      (downloads) => writeFileSync(join(downloads, "1/greeter/shard.json"), '{"schema":'),
      /is truncated: its shard.json is no complete JSON document/,
    ],
    [
      "one of another division",
      (downloads) => {
        const file = join(downloads, "1/greeter/shard.json");
        writeFileSync(file, readFileSync(file, "utf8").replace('"of": 2', '"of": 3'));
      },
      /is shard 2 of 2, others are of 3/,
    ],
    [
      "one that gives itself out as another",
      (downloads) => {
        const file = join(downloads, "1/greeter/shard.json");
        writeFileSync(file, readFileSync(file, "utf8").replace('"index": 1', '"index": 2'));
        const other = join(downloads, "2/greeter/shard.json");
        writeFileSync(other, readFileSync(other, "utf8").replace('"index": 2', '"index": 1'));
      },
      /which is not in this shard's part of the run/,
    ],
    [
      "one of another seed",
      (downloads) => {
        const file = join(downloads, "1/greeter/shard.json");
        writeFileSync(file, readFileSync(file, "utf8").replace(/"seed": \d+/, '"seed": 7'));
      },
      /is a shard of another run: it has another seed \(7, here/,
    ],
  ])("with %s is refused with one line", async (_, harm, message) => {
    const { made, downloads } = await twoShards();
    harm(downloads);
    const error = await refusal(made.merge([downloads]));
    expect(error).toMatchObject({
      code: "SCORES_INVALID",
      message: expect.stringMatching(message) as string,
    });
    expect((error as Error).message).not.toContain("\n");
  });

  it.each<[string, string, string]>([
    ["candidate", "prompts/greeter.prompt.yml", aPrompt("1.2.0", "Answer only from the context. Be brief.")],
    [
      "dataset",
      "golden-datasets/greeter.jsonl",
      '{"id":"only","vars":{"query":"a","context":"b"},"assert":[{"type":"contains","value":"3","metric":"price"}]}\n',
    ],
  ])("of another %s than the checkout's is refused", async (subject, file, text) => {
    const { made, downloads } = await twoShards();
    writeFileSync(join(made.folder, file), text);
    expect(await refusal(made.merge([downloads]))).toMatchObject({
      code: "SCORES_INVALID",
      message: expect.stringContaining(`it has another ${subject}`) as string,
    });
  });

  it("is refused in an empty folder and in none", async () => {
    const made = await aGate(better);
    expect(await refusal(made.merge(["prompts"]))).toMatchObject({ code: "SCORES_INVALID" });
    expect(await refusal(made.merge(["nowhere"]))).toMatchObject({ code: "STORAGE_FAILED" });
  });
});

describe("gate --shard", () => {
  it.each(["0/2", "3/2", "1/0", "1", "a/b", "1/2/3", "-1/2", "1/20000"])("refuses %s", async (shard) => {
    const made = await aGate(better);
    expect(await refusal(made.gate({ shard }))).toMatchObject({ code: "USAGE" });
  });

  it("refuses a report, for nothing is decided", async () => {
    const made = await aGate(better);
    expect(await refusal(made.gate({ shard: "1/2", output: ["report.md"] }))).toMatchObject({
      code: "USAGE",
    });
  });
});
