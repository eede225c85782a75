import { describe, expect, it } from "vitest";
import { aFolder, edited, files, load, problemsOf } from "./project-folder.ts";

describe("a project without mistakes", () => {
  it("is read with defaults and converted units", async () => {
    const project = await load(aFolder(files));
    expect(project.configFile).toBe("promptgate.yaml");
    expect(project.registry).toEqual({ kind: "file" });
    expect(project.budget).toEqual({ usd: null, minutes: null, judgeReserve: 0.3 });
    expect(project.models["own"]).toEqual({
      provider: "openai",
      model: "gpt-4o-mini-2024-07-18",
      price: { inputPerMillion: 0.15, outputPerMillion: 0.6 },
      timeoutMs: 120_000,
    });
    const [prompt] = project.prompts;
    expect(prompt).toMatchObject({ name: "desk", file: "desk.prompt.yml", dataset: "desk.jsonl", cases: 2 });
    expect(prompt?.gates["latency"]).toEqual({
      level: "warn",
      maxIncrease: 0.1,
      alphaMiss: 0.05,
      alphaBlock: 0.05,
    });
    expect(prompt?.assert[0]).toMatchObject({
      type: "word-count",
      negated: false,
      metric: "length",
      weight: 1,
    });
    expect(prompt?.judges[0]).toMatchObject({
      name: "faithfulness",
      threshold: null,
      allowSelfGrading: false,
    });
    expect(project.warnings).toEqual([]);
  });

  it("accepts the blocks of the rollout that are not used here", async () => {
    const config = `${files["promptgate.yaml"]}store: { kind: git, branch: rollout }\nmetrics: { source: jsonl, path: logs/*.jsonl }\n`;
    expect(await problemsOf({ ...files, "promptgate.yaml": config })).toEqual([]);
  });

  it("keeps other files' `${…}` as ordinary text", async () => {
    expect(await problemsOf(edited("desk.prompt.yml", "Context: ", "Pay ${PRICE}: "))).toEqual([]);
  });
});

describe("all files at once", () => {
  it("tells the problems of every file, also when the config is wrong", async () => {
    const found = await problemsOf({
      "promptgate.yaml": files["promptgate.yaml"].replace("version: 1", "version: one"),
      "desk.prompt.yml": files["desk.prompt.yml"].replace("role: user", "role: usr"),
      "desk.jsonl": `${files["desk.jsonl"]}{"id":""}`,
      "faithfulness.yml": files["faithfulness.yml"].replace("kind: choices", "kind: likert"),
    });
    expect(found.map((line) => line.replace(/:.*/, ""))).toEqual([
      "promptgate.yaml",
      "desk.prompt.yml",
      "desk.jsonl",
      "faithfulness.yml",
      "faithfulness.yml",
      "faithfulness.yml",
    ]);
  });

  it.each([
    ["promptgate.yaml", "version: 1", "version: 7", "CONFIG_INVALID"],
    ["desk.prompt.yml", "version: 1.2.3", "version: 1.2", "PROMPT_INVALID"],
    ["desk.jsonl", '"id":"c2"', '"id":"c1"', "DATASET_INVALID"],
    ["faithfulness.yml", "unsupported: 0", "unsupported: 7", "CONFIG_INVALID"],
  ] as const)("a mistake in %s alone", async (file, from, to, code) => {
    await expect(load(aFolder(edited(file, from, to)))).rejects.toMatchObject({ code });
  });
});
