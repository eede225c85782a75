import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runCli } from "./cli.ts";
import { aProject, type TestProject } from "./project.ts";

const bin = join(import.meta.dirname, "..", "..", "lib", "entry", "bin.js");
let project: TestProject | null = null;
afterEach(() => project?.remove());

/** Runs the command line and closes one of its streams at the first line, as `| head -1` does. */
function runWithClosedReader(
  args: readonly string[],
  cwd: string,
  closed: "stdout" | "stderr",
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    for (const name of ["stdout", "stderr"] as const) child[name].resume();
    child[closed].once("data", () => child[closed].destroy());
    child.on("error", reject);
    child.on("close", resolve);
  });
}

describe("the exit code", () => {
  it.each(["stdout", "stderr"] as const)(
    "is the verdict's when the reader of %s has gone away",
    async (closed) => {
      project = aProject();
      // There is no baseline yet: no verdict.
      expect(await runWithClosedReader(["gate"], project.folder, closed)).toBe(3);
    },
  );

  it.each<[string, string[]]>([
    ["an unknown command", ["frobnicate"]],
    ["an unknown flag", ["gate", "--frobnicate"]],
    ["a number that is none", ["gate", "--seed", "x"]],
    ["a report of an unknown format", ["gate", "-o", "report.pdf"]],
    ["a prompt that does not exist", ["gate", "nonsense"]],
    ["a version that does not exist", ["gate", "--candidate", "9.9.9"]],
    ["recording and replaying at once", ["gate", "--record", "a", "--replay", "b"]],
  ])("is 2 for %s, with one line of error and nothing on standard output", async (_, args) => {
    project = aProject();
    const result = await runCli(args, { cwd: project.folder });
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(/^error (USAGE|VERSION_NOT_FOUND): .+$/m);
  });

  it("is 0 for --version, which prints the version alone", async () => {
    project = aProject();
    expect(await runCli(["--version"], { cwd: project.folder })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
      stderr: "",
    });
  });
});
