import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { runPublish } from "../../../src/entry/commands/publish.ts";
import { fileRegistry } from "../../../src/registries/file.ts";
import { aProject, aPrompt, type ProjectShape, type TestProject } from "../../e2e/project.ts";
import { refusal } from "../gate-checkout.ts";
import { gitProject, type GitProject } from "../git-project.ts";

const made: TestProject[] = [];
afterEach(() => {
  for (const project of made.splice(0)) project.remove();
});

async function repository(shape: ProjectShape = {}): Promise<GitProject> {
  const project = aProject({ cases: 40, ...shape });
  made.push(project);
  return gitProject(project);
}

function changeConfig(
  { project }: GitProject,
  change: (config: Record<string, Record<string, Record<string, unknown>>>) => void,
): void {
  const config = parse(readFileSync(join(project.folder, "promptgate.yaml"), "utf8"));
  change(config);
  project.write("promptgate.yaml", stringify(config));
}

function changeCases(
  { project }: GitProject,
  change: (cases: Record<string, unknown>[]) => Record<string, unknown>[],
): void {
  const file = "golden-datasets/greeter.jsonl";
  const lines = readFileSync(join(project.folder, file), "utf8").trim().split("\n");
  const cases = change(lines.map((line) => JSON.parse(line)));
  project.write(file, `${cases.map((each) => JSON.stringify(each)).join("\n")}\n`);
}

const github = {
  workflows: ["o/r/.github/workflows/gate.yml@refs/heads/main"],
  trustedRoot: "trusted_root.jsonl",
};
const worse = "Answer in general terms. Never mention numbers or prices. Reply with one short greeting.";

describe("gate --base", () => {
  it("passes without a call when nothing changed, and says so", async () => {
    const made = await repository();
    expect(await made.gate({ base: made.base })).toBe(0);
    expect(made.printed().prompts).toEqual([]);
    expect(made.said.join("\n")).toContain("no prompt changed");
  });

  it("gates a prompt that changed, and names files as the checkout does", async () => {
    const made = await repository();
    made.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", worse));
    expect(await made.gate({ base: made.base })).toBeGreaterThan(0);
    const [result] = made.printed().prompts;
    expect(result?.candidate).toMatchObject({ version: "1.1.0", source: "prompts/greeter.prompt.yml" });
    expect(existsSync(join(made.folder, result?.runDir ?? "", "result.json"))).toBe(true);
    expect(made.said.join("\n")).toContain("greeter: 1.1.0 (prompts/greeter.prompt.yml) against 1.0.0");
  });

  it("takes no change of formatting, comments or order for a change", async () => {
    const made = await repository();
    const file = join(made.folder, "prompts/greeter.prompt.yml");
    writeFileSync(file, `# a comment\n${readFileSync(file, "utf8")}`);
    changeCases(made, (cases) => cases.toReversed());
    expect(await made.gate({ base: made.base })).toBe(0);
    expect(made.printed().prompts).toEqual([]);
  });

  it("holds the change to the gates of the base and says which it alters", async () => {
    const made = await repository({ prompt: { gates: { price: { margin: 0.02, min: 0.99 } } } });
    made.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", worse));
    changeConfig(made, ({ prompts }) => {
      if (prompts?.["greeter"] !== undefined) prompts["greeter"]["gates"] = { price: { level: "off" } };
    });
    expect(await made.gate({ base: made.base })).not.toBe(0);
    const metric = made.printed().prompts[0]?.metrics.find(({ name }) => name === "price");
    expect(metric).toMatchObject({ level: "error", margin: 0.02, min: 0.99 });
    expect(made.said.join("\n")).toContain("greeter.gates.price");
  });

  it("ignores a waiver that the change brings along", async () => {
    const made = await repository();
    made.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", worse));
    changeConfig(made, (config) => {
      (config as Record<string, unknown>)["waivers"] = [
        { metric: "price", owner: "eve", reason: "because", expires: "2026-12-01" },
      ];
    });
    expect(await made.gate({ base: made.base })).not.toBe(0);
    expect(made.printed().prompts[0]?.waivers).toEqual([]);
    expect(made.said.join("\n")).toContain("greeter.waivers");
  });

  it("drops a waiver of the base that has expired instead of stopping every change", async () => {
    const made = await repository();
    changeConfig(made, (config) => {
      (config as Record<string, unknown>)["waivers"] = [
        { metric: "price", owner: "ada", reason: "old", expires: "2026-11-19" },
      ];
    });
    const base = made.commit("A waiver");
    changeConfig(made, (config) => void delete (config as Record<string, unknown>)["waivers"]);
    made.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", worse));
    expect(await made.gate({ base })).not.toBe(0);
    expect(made.printed().prompts[0]?.waivers).toEqual([]);
  });

  it("compares with production as the base has it, whatever label the change moves", async () => {
    const made = await repository();
    made.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", worse));
    await runPublish(made.context, { json: true, verbose: false, prompt: "greeter", author: "eve" });
    const path = ".promptgate/registry";
    await fileRegistry({ root: made.folder, path, clock: made.context.clock }).moveLabel({
      prompt: "greeter",
      label: "production",
      to: "1.1.0",
      expected: "1.0.0",
      by: "eve",
      reason: "because",
    });
    made.commit("Move production by hand");
    expect(await made.gate({ base: made.base })).not.toBe(0);
    expect(made.printed().prompts[0]?.baseline?.version).toBe("1.0.0");
  });

  it("ignores verdicts and answers that somebody put into the checkout", async () => {
    const made = await repository();
    made.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", worse));
    expect(await made.gate({ base: made.base })).not.toBe(0);
    const [result] = made.printed().prompts;
    const forged = {
      ...made.printed(),
      verdict: "pass",
      exitCode: 0,
      prompts: [{ ...result, verdict: "pass", unscored: [] }],
    };
    const name = result?.runDir?.split("/").at(-1) ?? "";
    made.project.write(`.promptgate/runs/${name}/result.json`, JSON.stringify(forged));
    made.git("add", "-f", ".promptgate/runs");
    made.commit("Forge a verdict");
    const state = join(made.folder, result?.runDir ?? "");
    rmSync(state, { recursive: true });
    expect(await made.gate({ base: made.base })).not.toBe(0);
    expect(made.printed().prompts[0]).toMatchObject({ stored: false });
  });

  it("lists cases by id, and asks for a sign-off when a critical one is loosened", async () => {
    const made = await repository();
    changeCases(made, (cases) =>
      cases.map((each, index) => (index === 3 ? { ...each, critical: true } : each)),
    );
    const base = made.commit("A critical case");
    changeCases(made, (cases) =>
      cases
        .filter((_, index) => index !== 5)
        .map((each, index) => (index === 3 ? { ...each, assert: [] } : each))
        .concat([{ id: "fresh", vars: { query: "q", context: "c" } }]),
    );
    await made.gate({ base });
    const said = made.said.join("\n");
    expect(said).toContain("greeter: cases added: fresh");
    expect(said).toContain("greeter: cases edited: case-3");
    expect(said).toContain("greeter: cases removed: case-5");
    expect(said).toContain("asks for a sign-off: case-3");
  });

  it("says that a project without a config at the base follows its own rules", async () => {
    const made = await repository();
    made.git("rm", "-q", "--cached", "promptgate.yaml");
    const base = (made.git("commit", "-q", "-m", "No config"), made.git("rev-parse", "HEAD"));
    expect(await made.gate({ base })).toBe(0);
    expect(made.said.join("\n")).toContain("has no promptgate config");
    expect(made.printed().prompts).toHaveLength(1);
  });

  it("says that a base whose config is broken gives no rules", async () => {
    const made = await repository();
    const good = readFileSync(join(made.folder, "promptgate.yaml"), "utf8");
    made.project.write("promptgate.yaml", `${good}\nnonsense: 1\n`);
    const base = made.commit("Broken");
    made.project.write("promptgate.yaml", good);
    await made.gate({ base });
    expect(made.said.join("\n")).toContain("cannot be used");
    expect(made.printed().prompts).toHaveLength(1);
  });

  it("follows no link of the base out of the project", async () => {
    const made = await repository();
    const dataset = join(made.folder, "golden-datasets/greeter.jsonl");
    const outside = join(dirname(made.folder), `${made.folder.split("/").at(-1)}-outside.jsonl`);
    writeFileSync(outside, readFileSync(dataset));
    const text = readFileSync(dataset, "utf8");
    rmSync(dataset);
    symlinkSync(outside, dataset);
    const base = made.commit("A link");
    rmSync(dataset);
    rmSync(outside);
    made.project.write("golden-datasets/greeter.jsonl", text);
    await made.gate({ base });
    expect(made.said.join("\n")).toContain("cannot be used");
  });

  it("sends nothing to an address that a change brings along under a new model", async () => {
    const made = await repository();
    changeConfig(made, ({ models }) => {
      if (models !== undefined)
        models["main2"] = { provider: "openai", model: "m", baseUrl: "http://127.0.0.1:9/v1" };
    });
    made.project.write(
      "prompts/greeter.prompt.yml",
      aPrompt("1.1.0", "Answer only from the context.").replace("model: main", "model: main2"),
    );
    expect(await refusal(made.gate({ base: made.base }))).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("names an address that the base revision does not know"),
    });
  });

  it.each([
    ["a revision that is not there", { base: "no-such-branch" }, "USAGE"],
    ["a revision that reads like an option", { base: "--output=/tmp/x" }, "USAGE"],
    ["a candidate of its own", { base: "HEAD", candidate: "1.0.0" }, "USAGE"],
    ["a shard", { base: "HEAD", shard: "1/2" }, "USAGE"],
  ])("refuses %s", async (_, options, code) => {
    const made = await repository();
    expect(await refusal(made.gate(options))).toMatchObject({ code });
  });

  it("refuses a folder that is no repository", async () => {
    const project = aProject({ cases: 5 });
    made.push(project);
    const { checkout } = await import("../gate-checkout.ts");
    mkdirSync(join(project.folder, "empty"));
    expect(await refusal(checkout(project.folder).gate({ base: "HEAD" }))).toMatchObject({
      code: "FILE_UNREADABLE",
    });
  });

  it("reaches a registry on a branch by the checkout's remote, and reads the base's trusted root", async () => {
    const made = await repository();
    const remote = join(made.folder, "..", `${basename(made.folder)}.git`);
    made.git("init", "-q", "--bare", remote);
    made.git("remote", "add", "origin", remote);
    changeConfig(made, (config) => {
      Object.assign(config, { registry: { kind: "git" }, evidence: { github } });
    });
    made.project.write("trusted_root.jsonl", "{}");
    const common = { json: true, verbose: false, author: "Ada <ada@example.com>" };
    await runPublish(made.context, { ...common, prompt: "greeter", label: "production" });
    const base = made.commit("Keep the registry on a branch");
    made.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", worse));
    try {
      await made.gate({ base });
      expect(made.printed().prompts[0]?.baseline?.version).toBe("1.0.0");
      expect(made.said.join("\n")).not.toContain("cannot be read");
    } finally {
      rmSync(remote, { recursive: true, force: true });
    }
  });

  it("works where the project is a folder of a larger repository", async () => {
    const made = await repository();
    const inner = join(made.folder, "packages/support");
    mkdirSync(inner, { recursive: true });
    for (const name of ["promptgate.yaml", "prompts", "golden-datasets", "rubrics", ".promptgate"]) {
      if (existsSync(join(made.folder, name))) made.git("mv", name, `packages/support/${name}`);
    }
    const base = made.commit("Move the project");
    made.project.write("packages/support/prompts/greeter.prompt.yml", aPrompt("1.1.0", worse));
    const { checkout } = await import("../gate-checkout.ts");
    const moved = checkout(inner);
    expect(await moved.gate({ base })).not.toBe(0);
    expect(moved.printed().prompts[0]?.baseline?.version).toBe("1.0.0");
  });
});
