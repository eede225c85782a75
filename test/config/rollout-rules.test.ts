import { describe, expect, it } from "vitest";
import { aFolder, edited, files, load, problemsOf } from "./project-folder.ts";

const HOUR = 3_600_000;

/** The valid config, of 16 lines, with lines after it. */
function withRollout(rollout: string): Record<string, string> {
  return { ...files, "promptgate.yaml": `${files["promptgate.yaml"]}${rollout}\n` };
}

function ofDesk(rollout: string): Record<string, string> {
  return edited("promptgate.yaml", "    file: desk", `    rollout: ${rollout}\n    file: desk`);
}

describe("a rollout in the config", () => {
  it("is the shipped one where nothing is said", async () => {
    const { prompts } = await load(aFolder(files));
    const { steps, metrics, alpha, inconclusive, mutexGroup } = prompts[0]?.rollout ?? {
      steps: [],
      metrics: [],
    };
    expect(
      steps.map(({ name, weight, minSoakMs, maxSoakMs }) => [name, weight, minSoakMs / HOUR, maxSoakMs]),
    ).toEqual([
      ["staging", 0, 24, 72 * HOUR],
      ["canary5", 5000, 24, 48 * HOUR],
      ["canary25", 25_000, 24, 48 * HOUR],
      ["canary50", 50_000, 24, 48 * HOUR],
      ["full", 100_000, 24, 48 * HOUR],
    ]);
    expect(metrics.map(({ name, action, margin }) => [name, action, margin])).toEqual([
      ["quality", "rollback", 0.03],
      ["error_rate", "rollback", 0.01],
      ["latency", "hold", 0.1],
      ["cost", "rollback", 0.1],
    ]);
    expect({ alpha, inconclusive, mutexGroup }).toEqual({
      alpha: { rollout: 0.05, advance: 0.05, srm: 0.001 },
      inconclusive: { graceMs: 24 * HOUR, outcome: "rollback" },
      mutexGroup: "app",
    });
  });

  it("of one prompt stands over that of all, key by key", async () => {
    const config = ofDesk("{ settleDelay: 0s, mutexGroup: false, onInconclusive: { then: hold } }");
    const shared =
      "rollout: { cooldown: 2d, settleDelay: 3h, freeze: [{ cron: '0 18 * * 5', for: 62h, tz: Europe/Berlin }], advanceHours: '09:00-17:00 Europe/Berlin' }\n";
    const folder = aFolder({ ...config, "promptgate.yaml": `${config["promptgate.yaml"]}${shared}` });
    const { prompts } = await load(folder);
    expect(prompts[0]?.rollout).toMatchObject({
      settleDelayMs: 0,
      mutexGroup: null,
      inconclusive: { graceMs: 24 * HOUR, outcome: "hold" },
      cooldownMs: 48 * HOUR,
      freeze: [{ cron: "0 18 * * 5", durationMs: 62 * HOUR, timeZone: "Europe/Berlin" }],
      advanceHours: { from: 540, to: 1020, timeZone: "Europe/Berlin" },
    });
  });

  it("fills in what a metric leaves out", async () => {
    const metrics =
      "[{ name: a, kind: mean, margin: 3 }, { name: b, kind: proportion, direction: down, margin: 0.01 }, { name: c, kind: mean, transform: ln, direction: down, margin: 0.1 }]";
    const { prompts } = await load(aFolder(withRollout(`rollout: { metrics: ${metrics} }`)));
    expect(prompts[0]?.rollout.metrics.map(({ name, harmAt, action }) => [name, harmAt, action])).toEqual([
      ["a", 1, "rollback"],
      ["b", 0, "rollback"],
      ["c", 0.1, "rollback"],
    ]);
  });

  it("is told of every value that cannot be, with its place", async () => {
    const problems = await problemsOf(
      withRollout(`rollout:
  mutexGroup: ""
  onInconclusive: { grace: soon, then: advance }
  blindLimit: { "<=25": 6 }
  settleDelay: -1h
  bucket: 7m
  undoWindow: { versions: 0 }
  alpha: { rollout: 0.6 }
  freeze: [{ cron: "* * *", for: 62d, tz: Europe/Nowhere }]
  advanceHours: "17:00-09:00"
  stepz: []
  steps: [{ name: "A b", weight: 120%, minSoak: 0s, minSample: 0, approval: [], guardrails: relative }]
  metrics: [{ name: quality, kind: median, margin: 0, direction: sideways }]`),
    );
    expect(problems).toEqual([
      "promptgate.yaml:17:15 rollout.mutexGroup: expected text, got empty text",
      'promptgate.yaml:18:28 rollout.onInconclusive.grace: expected 0s or a duration such as 30s, 90m, 48h or 2d, got "soon"',
      'promptgate.yaml:18:40 rollout.onInconclusive.then: expected one of rollback, hold, got "advance"; there is rollback, hold',
      'promptgate.yaml:19:25 rollout.blindLimit["<=25"]: expected a duration such as 30s, 90m, 48h or 2d, got 6',
      'promptgate.yaml:20:16 rollout.settleDelay: expected 0s or a duration such as 30s, 90m, 48h or 2d, got "-1h"',
      'promptgate.yaml:21:11 rollout.bucket: expected a part of a day from 5m to 24h, got "7m"',
      "promptgate.yaml:22:27 rollout.undoWindow.versions: expected a number of at least 1, got 0",
      "promptgate.yaml:23:21 rollout.alpha.rollout: expected a number below 0.5, got 0.6",
      'promptgate.yaml:24:20 rollout.freeze[0].cron: expected five fields such as "0 18 * * 5", got "* * *"',
      'promptgate.yaml:24:34 rollout.freeze[0].for: expected at most 31d, got "62d"',
      'promptgate.yaml:24:43 rollout.freeze[0].tz: expected a time zone such as Europe/Berlin, got "Europe/Nowhere"',
      'promptgate.yaml:25:17 rollout.advanceHours: expected an end after the beginning, on the same day, got "17:00-09:00"',
      'promptgate.yaml:26:3 rollout.stepz: unknown key; did you mean "steps"?',
      "promptgate.yaml:27:10 rollout.steps: expected at least 2 items, got a list",
      'promptgate.yaml:27:19 rollout.steps[0].name: expected lowercase letters, digits, - and _, got "A b"',
      'promptgate.yaml:27:34 rollout.steps[0].weight: expected at most 100%, got "120%"',
      'promptgate.yaml:27:49 rollout.steps[0].minSoak: expected a duration above 0 and of at most 365d, got "0s"',
      "promptgate.yaml:27:64 rollout.steps[0].minSample: expected a number of at least 1, got 0",
      "promptgate.yaml:27:77 rollout.steps[0].approval: expected at least 1 item, got an empty list",
      'promptgate.yaml:27:93 rollout.steps[0].guardrails: expected absolute, got "relative"',
      'promptgate.yaml:28:36 rollout.metrics[0].kind: expected one of mean, proportion, got "median"; did you mean "mean"?',
      "promptgate.yaml:28:52 rollout.metrics[0].margin: expected a number above 0, got 0",
      'promptgate.yaml:28:66 rollout.metrics[0].direction: expected one of up, down, got "sideways"; there is up, down',
    ]);
  });

  it("is told of every rule that steps and metrics break, in one go", async () => {
    const problems = await problemsOf(
      withRollout(`rollout:
  steps:
    - { name: staging, minSoak: 24h, maxSoak: 12h }
    - { name: canary, weight: 5%, minSoak: 1m, holdback: 5% }
    - { name: canary, weight: 5% }
    - { name: full, weight: 90%, holdback: 60% }
  metrics:
    - { name: quality, kind: mean, margin: 3, harmAt: 4, action: hold, min: 5, max: 5 }
    - { name: quality, kind: proportion, transform: ln, margin: 2, action: warn }`),
    );
    expect(problems).toEqual([
      "promptgate.yaml:18:47 rollout.steps[0].maxSoak: expected at least minSoak, 24h",
      "promptgate.yaml:19:44 rollout.steps[1].minSoak: expected at least one bucket, 1h",
      "promptgate.yaml:19:58 rollout.steps[1].holdback: expected holdback only at 100%",
      "promptgate.yaml:20:15 rollout.steps[2].name: another step has this name",
      "promptgate.yaml:20:31 rollout.steps[2].weight: expected a larger weight than that of the step before",
      "promptgate.yaml:21:29 rollout.steps[3].weight: expected 100% for the last step",
      "promptgate.yaml:21:44 rollout.steps[3].holdback: expected holdback only at 100%",
      "promptgate.yaml:21:44 rollout.steps[3].holdback: expected at most 50%",
      "promptgate.yaml:23:5 rollout.metrics: expected at least one metric with action rollback that is no dry run: nothing would end a bad rollout",
      "promptgate.yaml:23:55 rollout.metrics[0].harmAt: expected at most margin, 3",
      "promptgate.yaml:23:85 rollout.metrics[0].max: expected more than min",
      "promptgate.yaml:24:15 rollout.metrics[1].name: another metric has this name",
      "promptgate.yaml:24:53 rollout.metrics[1].transform: expected ln only for means",
      "promptgate.yaml:24:65 rollout.metrics[1].margin: expected a share below 1, e.g. 0.01",
    ]);
  });

  it.each([
    [
      "shorter than the tier's policy",
      "{ steps: [{ name: staging }, { name: canary, weight: 5%, minSoak: 24h }, { name: full, weight: 100%, holdback: 5% }] }",
      [
        "7:23 prompts.desk.rollout.steps: expected canary steps with a minSoak of 48h together, as policies.minor asks; they have 24h",
      ],
    ],
    [
      "without anything to compare with at 100 %",
      "{ steps: [{ name: canary, weight: 5%, minSoak: 48h }, { name: full, weight: 100% }] }",
      [
        "7:68 prompts.desk.rollout.steps[1]: expected holdback, or min or max for a metric: at 100% there is nothing else to compare with",
      ],
    ],
    [
      "that ends before its last hours are closed",
      "{ onInconclusive: { grace: 0s }, steps: [{ name: canary, weight: 5%, minSoak: 48h, maxSoak: 48h }, { name: full, weight: 100%, holdback: 5% }] }",
      [
        "7:106 prompts.desk.rollout.steps[0].maxSoak: expected 52h together with onInconclusive.grace: before that the last hours are not closed, and the step would always end the rollout",
      ],
    ],
    [
      "that waits for what is not there, or for itself",
      "{ dependsOn: [dek, desk] }",
      [
        '7:28 prompts.desk.rollout.dependsOn[0]: the config has no such prompt; did you mean "desk"?',
        "7:33 prompts.desk.rollout.dependsOn[1]: desk waits for this prompt in turn: neither would ever start",
      ],
    ],
  ])("is not one %s", async (_, rollout, problems) => {
    expect(await problemsOf(ofDesk(rollout))).toEqual(
      problems.map((problem) => `promptgate.yaml:${problem}`),
    );
  });
});
