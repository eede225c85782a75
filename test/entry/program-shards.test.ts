import { rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { buildProgram } from "../../src/entry/program.ts";
import { aProject } from "../e2e/project.ts";
import { checkout, refusal } from "./gate-checkout.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Runs a command line in a project of its own; the exit codes that it ended with, and what it printed. */
async function run(...lines: string[][]): Promise<{ exitCodes: number[]; printed: string[] }> {
  const { folder } = aProject({ cases: 40 });
  folders.push(folder);
  const exitCodes: number[] = [];
  const printed: string[] = [];
  const context = { ...checkout(folder).context, print: (text: string) => void printed.push(text) };
  const output = { write: () => {}, writeError: () => {} };
  for (const line of lines) {
    const program = buildProgram(context, output, (code) => void exitCodes.push(code));
    await program.parseAsync(line, { from: "user" });
  }
  return { exitCodes, printed };
}

describe("the command line of shards", () => {
  it("divides a gate and merges it with the arguments that it printed", async () => {
    const options = ["--seed", "7", "--max-minutes", "5"];
    const { exitCodes, printed } = await run(
      ["gate", "--shard", "1/2", "--shard-output", "a", ...options],
      ["gate", "--shard", "2/2", "--shard-output", "b", ...options],
      ["merge", "a", "b", "--seed", "7"],
    );
    expect(printed[0]).toMatch(
      /^greeter: shard 1\/2 with \d+ cases is in a\/greeter; when all 2 are there: promptgate merge DIR… --seed 7$/,
    );
    expect(exitCodes.slice(0, 2)).toEqual([0, 0]);
    expect(printed).toHaveLength(3);
  });

  it("needs a folder to merge", async () => {
    expect(await refusal(run(["merge"]))).toMatchObject({ code: "commander.missingArgument" });
  });
});

describe("the command line of the cache", () => {
  it("prunes", async () => {
    const { exitCodes, printed } = await run(["cache", "prune", "--max-size", "1MB", "--max-age", "30d"]);
    expect(exitCodes).toEqual([0]);
    expect(printed).toEqual(["freed 0 B: 0 answers; 0 answers (0 B) left"]);
  });
});
