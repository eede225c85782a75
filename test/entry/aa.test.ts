import { afterEach, describe, expect, it } from "vitest";
import { runAa, type AaOptions } from "../../src/entry/commands/aa.ts";
import type { Health } from "../../src/entry/calibration/health.ts";
import { seededRandom } from "../../src/stats/random.ts";
import { startOpenAiServer } from "../loopback/openai-server.ts";
import { judgeProject, type JudgeProject } from "./calibration/judge-project.ts";

const projects: JudgeProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

const CASES = 120;

/** A project whose one check asks for `good` in the answer, with `samples` stored answers of each case. */
function storedProject(
  answer: (random: () => number, sample: number) => string,
  { samples = 2, gates = {} }: { readonly samples?: number; readonly gates?: object } = {},
): JudgeProject {
  const project = judgeProject({
    prompt: { judges: [], assert: [{ type: "contains", value: "good", metric: "quality" }], gates },
  });
  projects.push(project);
  const ids = Array.from({ length: CASES }, (_, index) => `case-${index}`);
  project.writeLines(
    "greeter.jsonl",
    ids.map((id) => ({ id, vars: { query: "q", context: "c" } })),
  );
  const random = seededRandom(5);
  project.writeLines(
    "outputs.jsonl",
    ids.flatMap((id) =>
      Array.from({ length: samples }, (_, sample) => ({ id, sample, output: answer(random, sample) })),
    ),
  );
  return project;
}

async function aa(
  project: JudgeProject,
  options: Partial<AaOptions> = {},
): Promise<{ readonly code: number; readonly health: Health; readonly text: string }> {
  const given: AaOptions = {
    prompt: "greeter",
    baseline: "./greeter.prompt.yml",
    tier: "minor",
    runs: 400,
    outputs: ["outputs.jsonl"],
    filterTag: [],
    filterId: [],
    concurrency: 4,
    cache: false,
    json: true,
    verbose: false,
    ...options,
  };
  const code = await runAa(project.context, given);
  const text = project.printed();
  return { code, text, health: (given.json ? JSON.parse(text) : {}) as Health };
}

describe("aa", () => {
  it("calls a gate healthy that seldom blocks, with the bounds of its rate", async () => {
    const project = storedProject((random) => (random() < 0.9 ? "good" : "bad") + String(random()), {
      samples: 4,
    });
    const { code, health } = await aa(project);
    expect(health).toMatchObject({
      schema: "promptgate/aa@1",
      verdict: "healthy",
      reasons: [],
      cases: CASES,
      samples: 4,
      runs: 400,
      nominal: 0.05,
      deterministic: false,
    });
    const { low, high, rate } = health.falseBlock;
    expect(low).toBeLessThanOrEqual(rate);
    expect(high).toBeGreaterThan(rate);
    expect(high).toBeLessThanOrEqual(0.1);
    expect(health.metrics.map(({ name }) => name)).toEqual(["quality"]);
    expect(code).toBe(0);
  });

  it("refuses to call a gate healthy that blocks more than it promises", async () => {
    // Production misses its own floor: the gate blocks it whatever it is compared with.
    const project = storedProject((random) => (random() < 0.6 ? "good" : "bad") + String(random()), {
      gates: { quality: { margin: 0.05, min: 0.95 } },
    });
    const { code, health } = await aa(project, { runs: 100 });
    expect(code).toBe(1);
    expect(health.verdict).toBe("unhealthy");
    expect(health.reasons[0]).toMatch(/^the gate blocks 100 % of unchanged candidates, at least 9\d/);
    expect(health.reasons[1]).toMatch(/^quality failed in 100 draws, e\.g\.: .*0\.95/);
  });

  it("tells nothing from a version that answers the same every time, and says so", async () => {
    const project = storedProject(() => "good");
    const { code, health, text } = await aa(project, { runs: 60, json: false });
    expect(code).toBe(3);
    expect(health).toEqual({});
    expect(text).toContain(" cannot tell  greeter 1.0.0 against itself");
    expect(text.replace(/\s+/g, " ")).toContain(
      "this model answers the same every time, so the A/A test shows nothing about its noise",
    );
  });

  it("cannot tell from too few draws", async () => {
    const project = storedProject((random) => (random() < 0.97 ? "good" : "bad") + String(random()));
    const { code, health } = await aa(project, { runs: 20 });
    expect(code).toBe(3);
    expect(health.reasons).toEqual([expect.stringMatching(/^20 draws leave 0 % to 1\d(\.\d)? % open/)]);
  });

  it("is no test of a gate that passes nothing", async () => {
    const project = storedProject((_, sample) => `good ${sample}`, { gates: { quality: { margin: 0.01 } } });
    const { code, health } = await aa(project, { runs: 60 });
    expect(code).toBe(3);
    expect(health.reasons).toEqual([expect.stringContaining("in no draw")]);
  });

  it("draws the same from the same seed", async () => {
    const project = storedProject((random) => (random() < 0.8 ? "good" : "bad") + String(random()));
    const first = await aa(project, { runs: 50, seed: 3 });
    const again = await aa(project, { runs: 50, seed: 3 });
    const other = await aa(project, { runs: 50, seed: 4 });
    expect(again.text).toBe(first.text);
    expect(other.health.averageCases).not.toBe(first.health.averageCases);
  });

  it("leaves out cases without two samples, and has nothing to do without any", async () => {
    const project = storedProject((random) => (random() < 0.9 ? "good" : "bad") + String(random()));
    project.writeLines("outputs.jsonl", [
      { id: "case-0", sample: 0, output: "good" },
      { id: "case-1", sample: 0, output: "good" },
      { id: "case-1", sample: 1, output: "good, too" },
    ]);
    const { health } = await aa(project, { runs: 5 });
    expect(health.cases).toBe(1);
    expect(health.warnings.join("\n")).toContain("119 of 120 cases have fewer than 2 samples");
    project.writeLines("outputs.jsonl", [{ id: "case-0", output: "good" }]);
    await expect(aa(project)).rejects.toMatchObject({ code: "INCOMPATIBLE" });
  });

  it("asks the model once for each sample and nobody again", async () => {
    const project = judgeProject({ config: {}, prompt: { judges: [] } });
    projects.push(project);
    const { code, health } = await aa(project, { outputs: [], runs: 30 });
    expect(code).toBe(3);
    expect(health).toMatchObject({ deterministic: true, samples: 4, cases: 30 });
    expect(health).toHaveProperty("usage.calls", 120);
  });

  it.each([
    ["nothing in production", { baseline: "production" }, "BASELINE_MISSING"],
    ["fewer samples than two sides need", { outputs: [], tier: "major" as const, samples: 2 }, "USAGE"],
    ["samples together with stored outputs", { samples: 4 }, "USAGE"],
    ["outputs of a second version", { outputs: ["outputs.jsonl", "baseline=outputs.jsonl"] }, "USAGE"],
    ["a prompt that is not there", { prompt: "nobody" }, "USAGE"],
  ])("refuses %s", async (_, options, code) => {
    const project = storedProject(() => "good");
    await expect(aa(project, options)).rejects.toMatchObject({ code });
  });
});

describe("aa with a model", () => {
  it("pays for its samples once, whatever is drawn from them", async () => {
    let answers = 0;
    const server = await startOpenAiServer({
      reply: () => ({ kind: "answer", text: (answers += 1) % 7 === 0 ? "bad" : "good" }),
    });
    const project = judgeProject({
      models: { main: { provider: "openai", model: "main", baseUrl: server.baseUrl } },
      prompt: { judges: [], assert: [{ type: "contains", value: "good", metric: "quality" }] },
    });
    projects.push(project);
    project.writeLines(
      "greeter.jsonl",
      Array.from({ length: 40 }, (_, index) => ({
        id: `c${index}`,
        vars: { query: `${index}`, context: "c" },
      })),
    );
    try {
      const first = await aa(project, { outputs: [], samples: 3, runs: 30, seed: 1 });
      expect(first.health).toMatchObject({ samples: 3, cases: 40, deterministic: false });
      expect(first.health).toHaveProperty("usage.calls", 120);
      const again = await aa(project, { outputs: [], samples: 3, runs: 30, seed: 1 });
      expect(again.health).toHaveProperty("usage.calls", 0);
      expect(again.health.falseBlock).toEqual(first.health.falseBlock);
      expect(server.count).toBe(120);
    } finally {
      await server.close();
    }
  });
});
