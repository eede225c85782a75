import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { afterEach, describe, expect, it } from "vitest";
import { runCli } from "./cli.ts";
import { aProject, type TestProject } from "./project.ts";

const data = join(import.meta.dirname, "..", "..", "..", "shared", "data", "tree-of-thoughts");
const present = existsSync(data);
if (!present) console.log(`skipped: the real outputs of two prompts are not at ${data}`);

let project: TestProject | null = null;
afterEach(() => project?.remove());

interface RealCase {
  readonly id: string;
  readonly vars: { readonly input: string };
}

function linesOf<Line>(name: string): Line[] {
  const text = readFileSync(join(data, name), "utf8").trim();
  return text.split("\n").map((line) => JSON.parse(line) as Line);
}

function sentencesOf(input: string): string[] {
  return input.split(/(?<=[.!?])["”]?\s+(?=["“A-Z0-9])/);
}

function wordsOf(sentence: string): string {
  return (sentence.toLowerCase().match(/[a-z0-9]+/g) ?? []).join("\\W+");
}

/**
 * The requirement as an ordinary check: four paragraphs end with the given sentences, in order. Where a fragment
 * without a full stop leaves three sentences, one of the paragraphs may end as it likes.
 */
function requirement(input: string): string {
  const sentences = sentencesOf(input);
  const paragraph = "\\W*\\n\\s*\\n";
  const rest = sentences.length === 4 ? "\\W*$" : "\\W*(?:\\n\\s*\\n.*)?$";
  return `(?is)${sentences.map(wordsOf).join(`${paragraph}(?:.*\\W)?`)}${rest}`;
}

function aPrompt(version: string, words: string): string {
  return stringify({
    name: "writer",
    version,
    changeReason: "another way to ask",
    model: "main",
    messages: [{ role: "user", content: `${words} {{input}}` }],
  });
}

function aWritersProject(): TestProject {
  const made = aProject({
    config: {
      prompts: { writer: { file: "prompts/cot.prompt.yml", dataset: "golden-datasets/writer.jsonl" } },
    },
  });
  made.write("prompts/standard.prompt.yml", aPrompt("1.0.0", "Write four paragraphs that end with:"));
  made.write("prompts/cot.prompt.yml", aPrompt("1.1.0", "Plan first. Write four paragraphs that end with:"));
  const cases = linesOf<RealCase>("cases.jsonl").map((each) =>
    JSON.stringify({
      ...each,
      assert: [{ type: "regex", value: requirement(each.vars.input), metric: "ends-as-required" }],
    }),
  );
  made.write("golden-datasets/writer.jsonl", `${cases.join("\n")}\n`);
  return made;
}

/** The rate that the data's own scores give for the first two samples. */
function publishedRate(name: string): number {
  const rows = linesOf<{ sample: number; scores: Record<string, number> }>(name).filter(
    ({ sample }) => sample < 2,
  );
  return rows.reduce((sum, { scores }) => sum + (scores["ends-as-required"] ?? Number.NaN), 0) / rows.length;
}

describe.runIf(present)("real outputs of two prompts on 100 cases", () => {
  it("are scored from files: the gate reproduces the requirement's rate of each version and blocks the worse one", async () => {
    project = aWritersProject();
    const outputs = [join(data, "outputs-cot.jsonl"), `baseline=${join(data, "outputs-standard.jsonl")}`];
    const { exitCode, stdout } = await runCli(
      [
        "gate",
        "--json",
        "--baseline",
        "prompts/standard.prompt.yml",
        ...outputs.flatMap((file) => ["--outputs", file]),
      ],
      { cwd: project.folder },
    );
    const result = JSON.parse(stdout) as {
      prompts: {
        metrics: { name: string; used: number; baseline: number; candidate: number }[];
        usage: { calls: number };
      }[];
    };
    const [prompt] = result.prompts;
    const metric = prompt?.metrics.find(({ name }) => name === "ends-as-required");
    expect(metric?.used).toBe(100);
    expect(metric?.baseline).toBeCloseTo(publishedRate("scores-standard.jsonl"), 9);
    expect(metric?.candidate).toBeCloseTo(publishedRate("scores-cot.jsonl"), 9);
    expect(prompt?.usage.calls).toBe(0);
    expect([1, 3]).toContain(exitCode);
  });
});
