import { describe, expect, it } from "vitest";
import { aFolder, edited, files, load, problemsOf } from "./project-folder.ts";

describe("one mistake in the config", () => {
  const gates = "prompts.desk.gates";
  it.each([
    [
      "maxIncrease: 10%, level",
      "maxIncrease: ten, level",
      `promptgate.yaml:14:31 ${gates}.latency.maxIncrease: expected a percentage, got "ten"`,
    ],
    [
      "maxIncrease: 10% }",
      "maxIncrease: 10 }",
      `promptgate.yaml:15:28 ${gates}.cost.maxIncrease: expected a percentage, got 10`,
    ],
    [
      "maxIncrease: 10% }",
      "maxIncrease: 0% }",
      `promptgate.yaml:15:28 ${gates}.cost.maxIncrease: expected a percentage, got "0%"`,
    ],
    [
      "length: { margin: 0.02 }",
      "length: { margn: 0.02 }",
      `promptgate.yaml:13:17 ${gates}.length.margn: unknown key; did you mean "margin"?`,
    ],
    [
      "length: { margin: 0.02 }",
      "lenght: { margin: 0.02 }",
      `promptgate.yaml:13:7 ${gates}.lenght: no check, judge or measurement has this metric; did you mean "length"?`,
    ],
    [
      "length: { margin: 0.02 }",
      "length: { max: 3 }",
      `promptgate.yaml:13:17 ${gates}.length.max: length is a score: expected margin or min, not max`,
    ],
    [
      "cost: { maxIncrease: 10% }",
      "cost: { min: 0.5 }",
      `promptgate.yaml:15:15 ${gates}.cost.min: cost is a measured quantity: expected maxIncrease or max, not min`,
    ],
    [
      "margin: 0.05, min: 0.75",
      "margin: 0, min: 0.75",
      `promptgate.yaml:12:31 ${gates}.faithfulness.margin: expected a number above 0, got 0`,
    ],
    [
      "level: warn",
      "level: wran",
      `promptgate.yaml:14:43 ${gates}.latency.level: expected one of error, warn, off, got "wran"; did you mean "warn"?`,
    ],
    ["version: 1\n", "version: 2\n", "promptgate.yaml:1:10 version: expected 1, got 2"],
    ["version: 1\n", "", "promptgate.yaml:1:1 version: expected 1, got nothing"],
    [
      "model: gpt-4o-2024-11-20",
      "model: gpt-4o-2024-11-20, baseUrl: 'ftp://x'",
      "promptgate.yaml:4:65 models.judge.baseUrl: expected an http or https address without a password in it, got something else",
    ],
    [
      "model: gpt-4o-2024-11-20",
      "model: gpt-4o-2024-11-20, timeout: 30d",
      'promptgate.yaml:4:65 models.judge.timeout: expected at most 24h, got "30d"',
    ],
    [
      "provider: openai, model: gpt-4o-2024",
      "provider: opnai, model: gpt-4o-2024",
      'promptgate.yaml:4:22 models.judge.provider: expected one of embedded, openai, got "opnai"; did you mean "openai"?',
    ],
    [
      "type: word-count",
      "type: wordcount",
      'promptgate.yaml:9:22 prompts.desk.assert[0].type: unknown check "wordcount", did you mean "word-count"?',
    ],
    [
      "max: 120",
      "maxx: 120, max: 120",
      'promptgate.yaml:9:34 prompts.desk.assert[0].maxx: unknown key; did you mean "max"?',
    ],
    [
      "metric: length",
      "metric: cost",
      "promptgate.yaml:9:14 prompts.desk.assert[0]: expected another metric: cost is the name of the measured quantity",
    ],
    [
      "metric: length",
      "metric: faithfulness",
      'promptgate.yaml:10:14 prompts.desk.judges[0]: a check and this rubric both count under the metric "faithfulness": give one of them another name',
    ],
    [
      "[faithfulness.yml]",
      "[faithfulness.yml, ./faithfulness.yml]",
      'promptgate.yaml:10:32 prompts.desk.judges[1]: another rubric has the metric "faithfulness" too: expected one rubric for each metric',
    ],
    [
      "file: desk.prompt.yml",
      "file: none.prompt.yml",
      "promptgate.yaml:7:11 prompts.desk.file: none.prompt.yml: no such file",
    ],
    [
      "dataset: desk.jsonl",
      "dataset: ../desk.jsonl",
      "promptgate.yaml:8:14 prompts.desk.dataset: ../desk.jsonl: lies outside the project; every file that the project names must lie in its folder",
    ],
    [
      "dataset: desk.jsonl",
      "dataset: desk.txt",
      "promptgate.yaml:8:14 prompts.desk.dataset: desk.txt: no such file",
    ],
    [
      "  desk:\n",
      "  desk/x:\n",
      'promptgate.yaml:6:3 prompts["desk/x"]: expected a name of letters, digits, -, _ and ., got "desk/x"',
    ],
    ["  desk:\n", "  help:\n", "desk.prompt.yml:1:7 name: expected help, its key in the config"],
  ])("%s -> %s", async (from, to, expected) => {
    const found = await problemsOf(edited("promptgate.yaml", from, to));
    expect(found).toContain(expected);
  });

  it.each([
    [
      "policies: { minor: { require: [static, judge] } }",
      "promptgate.yaml:16:31 policies.minor.require: expected deterministic among the required classes: patch, a lower tier, requires it",
    ],
    [
      "policies: { patch: { require: [deterministic] } }",
      "promptgate.yaml:16:31 policies.patch.require: expected static among the required classes: it costs nothing",
    ],
    [
      "policies: { minor: { canary: { minSoak: 48 } } }",
      "promptgate.yaml:16:41 policies.minor.canary.minSoak: expected a duration such as 30s, 90m, 48h or 2d, got 48",
    ],
    [
      "policies: { minor: { canary: { minSoak: 999d } } }",
      'promptgate.yaml:16:41 policies.minor.canary.minSoak: expected a duration above 0 and of at most 365d, got "999d"',
    ],
    ["budget: { usd: -1 }", "promptgate.yaml:16:16 budget.usd: expected a number above 0, got -1"],
    ["registry: { kind: langfus }", expect.stringContaining("registry.kind: expected one of file, git")],
    [
      "registry: { kind: file, path: [a] }",
      "promptgate.yaml:16:31 registry.path: expected text or a number or true or false, got a list",
    ],
    ["constructor: 1", expect.stringContaining("promptgate.yaml:16:1 constructor: unknown key")],
    ["__proto__: { x: 1 }", "promptgate.yaml:16:1: the key __proto__ is not allowed"],
    ["version: 1", "promptgate.yaml:16:1: expected every key once, this one appears twice"],
  ])("%s", async (line, expected) => {
    const config = `${files["promptgate.yaml"]}${line}\n`;
    const found = await problemsOf({ ...files, "promptgate.yaml": config });
    expect(found).toContainEqual(expected);
  });

  it("merges a policy with the shipped one", async () => {
    const config = `${files["promptgate.yaml"]}policies: { minor: { repeat: 2, canary: false } }\n`;
    const { policies } = await load(aFolder({ ...files, "promptgate.yaml": config }));
    expect(policies.minor).toEqual({
      require: ["static", "deterministic", "judge"],
      repeat: 2,
      approvals: 0,
      calibration: "advised",
      canaryMinSoakMs: null,
    });
    expect(policies.major).toEqual({
      require: ["static", "deterministic", "judge"],
      repeat: 3,
      approvals: 1,
      calibration: "advised",
      canaryMinSoakMs: 172_800_000,
    });
  });

  it("asks of judges in a higher tier what a lower one asks", async () => {
    const config = `${files["promptgate.yaml"]}policies: { minor: { calibration: required } }\n`;
    expect(await problemsOf({ ...files, "promptgate.yaml": config })).toEqual([
      "promptgate.yaml:16:11 policies.major.calibration: expected calibration: required, or more: minor, a lower tier, has it",
    ]);
  });

  it.each([
    [
      "length: { margin: 0.02 }",
      "length: { margin: 0.02, adjustMargin: true }",
      "13:31",
      "length",
      "expected adjustMargin only where a judge gives the scores",
    ],
    [
      "{ margin: 0.05, min: 0.75 }",
      "{ min: 0.75, adjustMargin: true }",
      "12:34",
      "faithfulness",
      "expected margin beside adjustMargin: it is what shrinks",
    ],
  ] as const)("adjusts only the margin of a judge: %s", async (from, to, place, metric, message) => {
    expect(await problemsOf(edited("promptgate.yaml", from, to))).toEqual([
      `promptgate.yaml:${place} prompts.desk.gates.${metric}.adjustMargin: ${message}`,
    ]);
  });
});

describe("models and judges", () => {
  it.each([
    [
      "desk.prompt.yml",
      "model: own",
      "model: owm",
      'desk.prompt.yml:3:8 model: the config has no model "owm" under models; did you mean "own"?',
    ],
    [
      "faithfulness.yml",
      "model: judge",
      "model: jduge",
      'faithfulness.yml:2:8 model: the config has no model "jduge" under models; did you mean "judge"?',
    ],
    [
      "faithfulness.yml",
      "model: judge",
      "model: own",
      "faithfulness.yml:2:8 model: gpt-4o-mini-2024-07-18 would judge its own answers to desk: choose another model, or set allowSelfGrading: true",
    ],
    [
      "faithfulness.yml",
      "model: judge",
      "panel: [judge, jduge, gpt-4o-2024-11-20]",
      'faithfulness.yml:2:16 panel[1]: the config has no model "jduge" under models; did you mean "judge"?',
    ],
    [
      "faithfulness.yml",
      "model: judge",
      "panel: [judge, gpt-4o-2024-11-20, own]",
      "faithfulness.yml:2:35 panel[2]: gpt-4o-mini-2024-07-18 would judge its own answers to desk: choose another model, or set allowSelfGrading: true",
    ],
  ] as const)("%s: %s -> %s", async (file, from, to, expected) => {
    expect(await problemsOf(edited(file, from, to))).toEqual([expected]);
  });

  it("finds a model by its id as well as by its key", async () => {
    expect(
      await problemsOf(edited("desk.prompt.yml", "model: own", "model: gpt-4o-mini-2024-07-18")),
    ).toEqual([]);
  });

  it("lets a rubric allow a model to judge itself", async () => {
    expect(
      await problemsOf(edited("faithfulness.yml", "model: judge", "model: own\nallowSelfGrading: true")),
    ).toEqual([]);
  });

  it.each([
    [
      "gpt-4o-2024-11-20",
      "gpt-4o-latest",
      "promptgate.yaml:4:37 models.judge.model: gpt-4o-latest may change without notice: name a snapshot, so that runs can be compared",
    ],
    [
      ", price: { inputPerMillion: 0.15, outputPerMillion: 0.6 }",
      "",
      "promptgate.yaml:15:7 prompts.desk.gates.cost: the model of desk has no price: without one, costs are known only from stored outputs",
    ],
  ])("warns: %s -> %s", async (from, to, expected) => {
    expect(await problemsOf(edited("promptgate.yaml", from, to))).toEqual([expected]);
  });
});
