import { readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { INPUT_NAMES, readInputs } from "../../../src/entry/action/inputs.ts";
import { OUTPUT_NAMES } from "../../../src/entry/action/outputs.ts";

const file = parse(readFileSync("action.yml", "utf8")) as {
  readonly inputs: Record<string, { readonly description: string; readonly default?: string }>;
  readonly outputs: Record<string, { readonly description: string }>;
  readonly runs: { readonly using: string; readonly main: string };
};

describe("action.yml", () => {
  it("declares the inputs and outputs that the code has, and no others", () => {
    expect(Object.keys(file.inputs)).toEqual(INPUT_NAMES);
    expect(Object.keys(file.outputs)).toEqual(OUTPUT_NAMES);
  });

  it("leaves defaults to the schema, but for the token that only the runner knows", () => {
    const defaults = Object.entries(file.inputs).filter(([, input]) => input.default !== undefined);
    expect(defaults).toEqual([["github-token", expect.objectContaining({ default: "${{ github.token }}" })]]);
  });

  it("is documented, input by input", () => {
    const guide = readFileSync("docs/action.md", "utf8");
    for (const name of INPUT_NAMES) expect(guide).toContain(`| \`${name}\` |`);
    for (const name of OUTPUT_NAMES) expect(guide).toContain(`\`${name}\``);
  });

  it.each(["promote", "advance", "rollback"])("has a part for %s on the same bundle", (name) => {
    const part = parse(readFileSync(`${name}/action.yml`, "utf8")) as typeof file;
    expect(part.runs).toEqual({ using: "node24", main: "../dist/index.js" });
    expect(part.inputs["command"]?.default).toBe(name);
    const { command: _, ...others } = part.inputs;
    expect(file.inputs).toMatchObject(others);
    expect(file.outputs).toMatchObject(part.outputs);
  });

  it("runs a bundle of at most 3 MB in all", () => {
    expect(file.runs).toEqual({ using: "node24", main: "dist/index.js" });
    const bytes = readdirSync("dist").map((name) => statSync(`dist/${name}`).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(3_000_000);
  });
});

describe("the inputs", () => {
  it("are what the schema says where the workflow says nothing", () => {
    expect(readInputs(() => "")).toEqual({
      command: "gate",
      config: "promptgate.yaml",
      "working-directory": ".",
      "github-token": "",
      "openai-api-key": "",
      "base-ref": undefined,
      force: false,
      enforcement: "enforce",
      "on-missing-secrets": "fail",
      "max-concurrency": 4,
      "max-cost-usd": undefined,
      "results-dir": undefined,
      comment: "always",
      "comment-key": "default",
      annotations: true,
      "sign-off": "auto",
      "max-shards": 8,
      "hold-hours": 24,
      "dry-run": false,
    });
  });

  it.each([
    ["max-concurrency", "0"],
    ["max-concurrency", "1e9"],
    ["max-cost-usd", "much"],
    ["max-cost-usd", "-1"],
    ["comment-key", "--> <script>"],
    ["force", "yes"],
    ["enforcement", "\u001b[2Koff"],
  ])("refuse %s: %j with its name and in one harmless line", (name, value) => {
    const read = () => readInputs((asked) => (asked === name ? value : ""));
    expect(read).toThrow(expect.objectContaining({ code: "USAGE", message: expect.stringContaining(name) }));
    expect(read).not.toThrow(/\u001b/);
  });

  it("name every problem at once, and no secret", () => {
    const inputs = new Map([
      ["force", "x"],
      ["comment", "y"],
      ["openai-api-key", "sk-secret"],
    ]);
    expect(() => readInputs((name) => inputs.get(name) ?? "")).toThrow(/force: .*; comment: /);
    expect(() => readInputs((name) => inputs.get(name) ?? "")).not.toThrow(/sk-secret/);
  });
});
