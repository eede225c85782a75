import { describe, expect, it } from "vitest";
import { runValidate } from "../../src/entry/commands/validate.ts";
import type { CommandContext } from "../../src/entry/context.ts";
import { ProblemsError } from "../../src/domain/problem.ts";
import { aFolder, edited, files } from "../config/project-folder.ts";

interface Heard {
  readonly context: CommandContext;
  readonly printed: string[];
  readonly warned: string[];
}

function listen(cwd: string): Heard {
  const printed: string[] = [];
  const warned: string[] = [];
  const context: CommandContext = {
    cwd,
    environment: {},
    clock: { now: () => 0 },
    log: { info: () => {}, warn: (line) => void warned.push(line) },
    print: (text) => void printed.push(text),
    signal: new AbortController().signal,
    terminal: { color: false, interactive: false, width: 80 },
  };
  return { context, printed, warned };
}

const options = { json: false, verbose: false };

describe("validate", () => {
  it("counts what it checked", async () => {
    const { context, printed, warned } = listen(aFolder(files));
    expect(await runValidate(context, options)).toBe(0);
    expect(printed).toEqual(["1 prompt, 2 cases, 1 rubric: ok"]);
    expect(warned).toEqual([]);
  });

  it("shows warnings and passes", async () => {
    const folder = aFolder(edited("promptgate.yaml", "gpt-4o-2024-11-20", "gpt-4o-latest"));
    const { context, warned } = listen(folder);
    expect(await runValidate(context, options)).toBe(0);
    expect(warned).toEqual([
      expect.stringContaining("warning: promptgate.yaml:4:37 models.judge.model: gpt-4o-latest may change"),
    ]);
  });

  it("throws all problems", async () => {
    const { context } = listen(
      aFolder(edited("promptgate.yaml", "maxIncrease: 10% }", "maxIncrease: ten }")),
    );
    await expect(runValidate(context, options)).rejects.toBeInstanceOf(ProblemsError);
  });

  it("prints one document with --json, and nothing else", async () => {
    const { context, printed, warned } = listen(
      aFolder(edited("promptgate.yaml", "maxIncrease: 10% }", "maxIncrease: ten }")),
    );
    expect(await runValidate(context, { ...options, json: true })).toBe(2);
    expect(warned).toEqual([]);
    expect(printed).toHaveLength(1);
    expect(JSON.parse(printed[0] ?? "")).toEqual({
      schema: "promptgate/validation@1",
      problems: [
        {
          file: "promptgate.yaml",
          line: 15,
          column: 28,
          path: "prompts.desk.gates.cost.maxIncrease",
          message: 'expected a percentage, got "ten"',
          severity: "error",
        },
      ],
    });
  });

  it("prints the missing config as a problem with --json too", async () => {
    const { context, printed } = listen(aFolder({}));
    await expect(runValidate(context, { ...options, json: true, config: "none.yaml" })).resolves.toBe(2);
    expect(JSON.parse(printed[0] ?? "")).toMatchObject({
      problems: [{ file: "none.yaml", message: "no such file" }],
    });
  });
});
