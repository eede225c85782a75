import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GateResult } from "../../src/domain/gate-result.ts";

const root = join(import.meta.dirname, "..", "..");
const program = join(root, "lib", "entry", "bin.js");
const shipped = ["promptgate.yaml", "golden-datasets", "prompts", "rubrics", ".promptgate/registry"];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "promptgate-example-"));
  for (const path of shipped) {
    mkdirSync(dirname(join(folder, "shop", path)), { recursive: true });
    cpSync(join(root, path), join(folder, "shop", path), { recursive: true });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(
  directory: string,
  ...words: string[]
): { status: number | null; output: string; errors: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd: join(folder, directory),
    encoding: "utf8",
    env: { PATH: process.env["PATH"] },
  });
  return { status, output: stdout, errors: stderr };
}

function gate(directory: string, ...words: string[]): { status: number | null; result: GateResult } {
  const { status, output } = run(directory, "gate", "--json", ...words);
  return { status, result: JSON.parse(output) as GateResult };
}

function promptFile(): string {
  return join(folder, "desk", "prompts", "help-desk.prompt.yml");
}

describe("the shipped example", () => {
  it("is valid", () => {
    expect(run("shop", "validate")).toMatchObject({ status: 0 });
  });

  it("passes the candidate 2.4.0 against 2.3.1 in production", () => {
    const { status, result } = gate("shop");
    expect(result).toMatchObject({
      verdict: "pass",
      exitCode: 0,
      prompts: [
        {
          name: "customer-support",
          tier: { applied: "minor" },
          candidate: { version: "2.4.0" },
          baseline: { version: "2.3.1", label: "production" },
          cases: { unscored: 0, broken: [] },
          stored: false,
        },
      ],
    });
    expect(status).toBe(0);
    const metrics = (result.prompts[0]?.metrics ?? []).filter(({ level }) => level === "error");
    expect(metrics.map(({ name }) => name).sort()).toEqual([
      "faithfulness",
      "length",
      "relevance",
      "requirements",
    ]);
    expect(metrics.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
  });

  it("repeats the stored verdict of the same inputs instead of drawing again", () => {
    const [first] = gate("shop").result.prompts;
    const [second] = gate("shop").result.prompts;
    expect(second).toEqual(first);
    expect(second).toMatchObject({ verdict: "pass", stored: true });
  });

  it("fails the worse edit, on measured metrics", () => {
    const { status, result } = gate(
      "shop",
      "--candidate",
      "prompts/examples/customer-support-worse.prompt.yml",
    );
    expect(status).toBe(1);
    expect(result.verdict).toBe("fail");
    const metrics = result.prompts[0]?.metrics ?? [];
    expect(metrics.find(({ name }) => name === "faithfulness")?.verdict).toBe("fail");
  });

  it("passes the patch without asking a judge", () => {
    const { status, result } = gate(
      "shop",
      "--candidate",
      "prompts/examples/customer-support-patch.prompt.yml",
    );
    expect(status).toBe(0);
    expect(result.prompts[0]).toMatchObject({
      verdict: "pass",
      tier: { required: "patch", applied: "patch" },
    });
    expect(result.prompts[0]?.models.map(({ role }) => role)).not.toContain("judge");
    const deciding = (result.prompts[0]?.metrics ?? []).filter(({ level }) => level === "error");
    expect(deciding.map(({ name }) => name).sort()).toEqual(["length", "requirements"]);
  });
});

describe("a project made by init", () => {
  it("is valid and publishes its prompt to production", () => {
    expect(run(".", "init", "desk")).toMatchObject({ status: 0 });
    expect(run("desk", "validate")).toMatchObject({ status: 0 });
    expect(
      run("desk", "publish", "help-desk", "--label", "production", "--author", "A Tester"),
    ).toMatchObject({ status: 0 });
  });

  it("passes an edit that changes no answer for the worse", () => {
    const text = readFileSync(promptFile(), "utf8")
      .replace("version: 1.0.0", "version: 1.1.0")
      .replace("in at most three sentences", "in at most two sentences");
    writeFileSync(promptFile(), text);
    const { status, result } = gate("desk");
    expect(result.prompts[0]).toMatchObject({ verdict: "pass", tier: { applied: "minor" } });
    expect(status).toBe(0);
  });

  it("fails an edit that lets answers leave the context", () => {
    const text = readFileSync(promptFile(), "utf8")
      .replace("version: 1.1.0", "version: 1.2.0")
      .replace(/ Answer only from the context\.\n.*\n/, " Always give a complete and detailed answer.\n");
    writeFileSync(promptFile(), text);
    const { status, result } = gate("desk");
    expect(result.verdict).toBe("fail");
    expect(status).toBe(1);
  });
});
