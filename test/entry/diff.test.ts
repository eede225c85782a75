import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runDiff, type DiffOptions } from "../../src/entry/commands/diff.ts";
import { runPublish } from "../../src/entry/commands/publish.ts";
import { aVersion } from "../registries/a-version.ts";
import { registryProject, type TestProject, type PromptWords } from "./registry-project.ts";

let project: TestProject;

async function publish(words: PromptWords, label?: string): Promise<void> {
  await project.writePrompt(words);
  const options = { prompt: "customer-support", json: false, verbose: false };
  await runPublish(project.context, label === undefined ? options : { ...options, label });
  project.printed();
}

beforeEach(async () => {
  project = await registryProject({ USER: "ada" });
  await publish({ version: "1.0.0", system: "Answer from the context.\nBe kind." }, "production");
  await publish({
    version: "1.1.0",
    system: "Answer from the context.\nBe kind.\nCite sources.",
    temperature: 0.5,
  });
});
afterEach(async () => project.remove());

async function diff(a: string, b: string, options: Partial<DiffOptions> = {}): Promise<string> {
  const all = { prompt: "customer-support", a, b, json: false, verbose: false, ...options };
  expect(await runDiff(project.context, all)).toBe(0);
  return project.printed();
}

function long(word: string): string {
  return Array.from({ length: 6000 }, (_, index) => `${word} ${index}`).join("\n");
}

describe("diff", () => {
  it("says which tier the change asks for, why, and shows it", async () => {
    expect(await diff("production", "1.1.0")).toBe(
      [
        "customer-support: 1.0.0 (registry version 1.0.0) -> 1.1.0 (registry version 1.1.0)",
        "required tier: minor; the version number declares minor",
        "",
        "  minor  message 1 (system): sentence added: “Cite sources.”",
        "  minor  modelParameters.temperature changed from 0.2 to 0.5",
        "",
        "message 1 (system)",
        "@@ -1,2 +1,3 @@",
        " Answer from the context.",
        " Be kind.",
        "+Cite sources.",
        "",
        "model and parameters",
        "@@ -1,7 +1,7 @@",
        " {",
        '   "model": "small",',
        '   "modelParameters": {',
        '-    "temperature": 0.2',
        '+    "temperature": 0.5',
        "   },",
        '   "responseFormat": "text"',
        " }",
        "",
        "side by side; metrics are those of production in the last 7 days",
        "                  1.0.0    1.1.0",
        "  model           small    small",
        "  temperature     0.2      0.5",
        "  responseFormat  text     text",
        "  quality         no data  no data",
        "  error_rate      no data  no data",
        "  latency         no data  no data",
        "  cost            no data  no data",
      ].join("\n"),
    );
  });

  it("takes versions, labels, the latest and files", async () => {
    await project.writePrompt({ version: "1.2.0", system: "Something else." }, "mine.yml");
    await mkdir(join(project.root, "sub"));
    for (const reference of [
      "1.0.0",
      "production",
      "latest",
      "mine.yml",
      "prompts/customer-support.prompt.yml",
    ]) {
      expect(await diff(reference, reference)).toContain("no change of behaviour");
    }
    expect(await diff("latest", "mine.yml")).toContain("1.1.0 (registry version 1.1.0) -> 1.2.0");
  });

  it("says when the version number does not go up", async () => {
    expect(await diff("1.1.0", "1.0.0")).toContain("required tier: minor; the version number does not go up");
  });

  it.each(["9.9.9", "nowhere"])("does not know %s", async (reference) => {
    await expect(diff(reference, "1.0.0")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  });

  it("offers the nearest name for an unknown prompt", async () => {
    await expect(diff("1.0.0", "1.1.0", { prompt: "custmer-support" })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining('did you mean "customer-support"'),
    });
  });

  it("prints one JSON document", async () => {
    const document = JSON.parse(await diff("production", "latest", { json: true }));
    expect(document).toMatchObject({
      schema: "promptgate/diff@1",
      prompt: "customer-support",
      a: { version: "1.0.0", label: "production" },
      b: { version: "1.1.0", label: null },
      tier: { declared: "minor", required: "minor" },
      findings: [
        { tier: "minor", path: "messages[0]" },
        { tier: "minor", path: "modelParameters.temperature" },
      ],
    });
    expect(document.changes[0]).toEqual({
      path: "messages[0]",
      before: "Answer from the context.\nBe kind.",
      after: "Answer from the context.\nBe kind.\nCite sources.",
      unified: "@@ -1,2 +1,3 @@\n Answer from the context.\n Be kind.\n+Cite sources.",
    });
  });

  it("shows what production reported of both versions, in numbers and in words", async () => {
    const at = new Date(project.context.clock.now() - 7_200_000).toISOString();
    const served = (version: string, error: boolean, latencyMs: number): string =>
      JSON.stringify({ at, prompt: "customer-support", version, error, latencyMs });
    const lines = [served("1.0.0", false, 400), served("1.0.0", true, 900), served("1.1.0", false, 500)];
    await mkdir(join(project.root, ".promptgate"), { recursive: true });
    await writeFile(join(project.root, ".promptgate/metrics.jsonl"), `${lines.join("\n")}\n`);
    const text = await diff("production", "latest");
    expect(text).toMatch(/error_rate +50\.00% \(n 2\) +0\.00% \(n 1\)/);
    expect(text).toMatch(/latency +600 \(n 2\) +500 \(n 1\)/);
    expect(text).toMatch(/cost +no data +no data/);
    const document = JSON.parse(await diff("production", "latest", { json: true }));
    expect(document.metrics[1]).toEqual({
      name: "error_rate",
      kind: "proportion",
      transform: "none",
      a: { kind: "measured", value: 0.5, n: 2 },
      b: { kind: "measured", value: 0, n: 1 },
    });
    expect(document.settings.b.modelParameters).toEqual({ temperature: 0.5 });
  });

  it("says why metrics cannot be read, and goes on", async () => {
    const config = await readFile(join(project.root, "promptgate.yaml"), "utf8");
    const url = "http://127.0.0.1:9";
    const metrics = `metrics:
  source: prometheus
  url: ${url}
  assignments: sum by (version) (x)
  queries: { error_rate: { kind: proportion, n: a, errors: b } }
rollout: { metrics: [{ name: error_rate, kind: proportion, direction: down, margin: 0.02 }] }
`;
    await writeFile(join(project.root, "promptgate.yaml"), config + metrics);
    const text = await diff("production", "latest");
    expect(text).toMatch(/error_rate +cannot be read +cannot be read/);
    expect(text).toMatch(/error_rate: 127\.0\.0\.1:9: /);
  });

  it("sets off the words that differ when the terminal has colours", async () => {
    await publish({ version: "1.1.1", system: "Answer from the context.\nBe nice.\nCite sources." });
    const context = { ...project.context, terminal: { ...project.context.terminal, color: true } };
    const all = { prompt: "customer-support", a: "1.1.0", b: "1.1.1", json: false, verbose: false };
    await runDiff(context, all);
    const text = project.printed();
    expect(text).toContain("\u001b[31;7mkind\u001b[0m");
    expect(text).toContain("\u001b[32;7mnice\u001b[0m");
  });

  it("compares a version whose model left the config", async () => {
    const old = aVersion("0.9.0", "Answer from the context.\nBe kind.");
    await project.registry.publish(old);
    expect(await diff("0.9.0", "1.0.0")).toContain(
      "another model family: from unknown:gpt-4o-mini to embedded:",
    );
  });

  it("names the gravest finding first", async () => {
    const system = "Answer from the text for {{company}}.\nBe nice.\nCite sources.";
    await project.writePrompt({ version: "2.0.0", system }, "mine.yml");
    const lines = (await diff("1.1.0", "mine.yml")).split("\n");
    const tiers = lines
      .map((line) => /^ {2}(major|minor|patch) /.exec(line)?.[1])
      .filter((tier) => tier !== undefined);
    expect(tiers).toEqual(["major", "minor", "minor", "patch"]);
  });

  it("says when only the line break at the end differs", async () => {
    await publish({
      version: "1.1.1",
      system: "Answer from the context.\nBe kind.\nCite sources.\n",
      temperature: 0.5,
    });
    expect(await diff("1.1.0", "1.1.1")).toMatch(
      /message 1 \(system\)\n {2}only the line break at the end differs$/m,
    );
  });

  it("does not obey control characters of a prompt", async () => {
    await publish({ version: "1.2.0", system: "Be kind.\u001b[2J\u202e\r\nOver." });
    expect(await diff("1.1.0", "1.2.0")).not.toMatch(/[\u001b\u202e\r]/);
  });

  it("does not compare giants line by line", async () => {
    await publish({ version: "2.0.0", system: long("alpha") });
    await publish({ version: "3.0.0", system: long("beta") });
    expect(await diff("2.0.0", "3.0.0")).toContain("too large and too different");
  });
});
