import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runRolloutExplain } from "../../../src/entry/commands/rollout-explain.ts";
import { runRolloutGet } from "../../../src/entry/commands/rollout-get.ts";
import { runRolloutPlan } from "../../../src/entry/commands/rollout-plan.ts";
import { runRolloutSimulate } from "../../../src/entry/commands/rollout-simulate.ts";
import { watchScreen } from "../../../src/entry/rollout/watch-screen.ts";
import { sequenceCritical, sequenceTuning } from "../../../src/stats/confidence-sequence.ts";
import { refusal } from "../gate-checkout.ts";
import { removeRollouts, rolloutProject, type RolloutProject } from "./rollout-project.ts";

const common = { json: true, verbose: false };
const text = { json: false, verbose: false };

let made: RolloutProject;
const began = "2026-11-16T08:00:00Z";

beforeAll(async () => {
  made = await rolloutProject();
  await made.start("1.1.0");
  for (let hour = 0; hour < 4; hour++) {
    await made.advance();
    await made.serve(1);
  }
  await made.serve(1, { quality: 0.79 });
  await made.advance({ dryRun: true });
  await made.advance();
});
afterAll(removeRollouts);

describe("rollout get", () => {
  it("shows on one screen where it is, why, both arms, both bounds and what came before", async () => {
    const options = { ...text, prompt: "greeter", watch: false, color: true };
    expect(await runRolloutGet(made.context, options)).toBe(0);
    const screen = made.output();
    expect(screen).toContain("Versions:  1.0.0 (stable) -> 1.1.0 (candidate)");
    expect(screen).toMatch(/Weight: +set \d+%, actual \d+%, generation \d/);
    expect(screen).toMatch(/Step: +3\/5 staging ✔ > 5% ✔ > \[25% ◌ 0m of 2h, max 24h\] > 50% > 100%/);
    expect(screen).toContain("Measured in canary5 (5%), 13:00Z:");
    expect(screen).toContain("Take it back: promptgate rollback greeter --reason TEXT");
    expect(screen).toMatch(
      /quality +rollback +0\.8 \(n \d+\) +0\.\d+ \(n \d+\) .*not worse \(margin -0\.05\)/,
    );
    expect(screen).toContain("advanced (passed) at 5%");
    expect(screen.split("\n").every((line) => line.length <= 160)).toBe(true);
    expect(screen.split("\n").length).toBeLessThan(26);
  });

  it("is the state and the last decision as JSON", async () => {
    await runRolloutGet(made.context, { ...common, prompt: "greeter", watch: false, color: true });
    const state = await made.state();
    expect(JSON.parse(made.output())).toMatchObject({
      schema: "promptgate/rollout@1",
      phase: state.phase,
      state: { rolloutId: "greeter.r1" },
      decision: { at: expect.any(String), action: "advance", reason: "passed", weight: 25_000 },
    });
  });

  it("warns when nobody has looked for hours", async () => {
    const later = { ...made.context, clock: { now: () => made.context.clock.now() + 5 * 3_600_000 } };
    await runRolloutGet(later, { ...text, prompt: "greeter", watch: false, color: true });
    expect(made.output()).toContain("5h ago: is the job that runs promptgate rollout advance still on?");
  });

  it("says what to do where there is no rollout", async () => {
    const options = { ...text, prompt: "nobody", watch: false, color: true };
    expect(await refusal(runRolloutGet(made.context, options))).toMatchObject({ code: "USAGE" });
  });
});

describe("rollout get --watch", () => {
  it("writes only what changed, over the last screen, and survives a reading that fails", async () => {
    const written: string[] = [];
    const controller = new AbortController();
    const screens = ["one\ntwo", "one\ntwo", "one\nthree", null];
    const terminal = { color: true, interactive: true, width: 80, height: 24 };
    await watchScreen(
      { print: (line) => void written.push(line), signal: controller.signal, terminal },
      {
        every: 1000,
        async draw() {
          const screen = screens.shift() ?? null;
          if (screen === null) throw new Error("no network");
          return screen;
        },
        async pause() {
          if (screens.length === 0 && written.length === 3) controller.abort();
        },
      },
    );
    expect(written).toHaveLength(3);
    expect(written[0]).toContain("\u001b[2J\u001b[Hone\u001b[K\ntwo");
    expect(written[1]).not.toContain("\u001b[2J");
    expect(written[2]).toContain("not read again: no network");
  });
});

describe("rollout explain", () => {
  it("gives the figures from which the critical value can be computed again", async () => {
    await runRolloutExplain(made.context, { ...text, subject: "greeter", color: true });
    const explained = made.output();
    const found = /c\(W, a\) = ([\d.]+) with a = ([\d.]+), W = ([\d.]+), W\* = ([\d.]+)/.exec(explained);
    const [, critical, alpha, weight, planned] = (found ?? []).map(Number);
    const again = sequenceCritical(weight ?? 0, sequenceTuning(alpha ?? 0, planned ?? 0), alpha ?? 0);
    expect(again).toBeCloseTo(critical ?? 0, 3);
    expect(explained).toContain("not worse when lower > -margin = -0.05: yes");
  });

  it("finds a decision by the beginning of its id", async () => {
    await runRolloutExplain(made.context, { ...common, subject: "greeter", color: true });
    const { decision } = JSON.parse(made.output());
    await runRolloutExplain(made.context, { ...common, subject: decision.id.slice(0, 12), color: true });
    expect(JSON.parse(made.output()).decision).toEqual(decision);
    expect(
      await refusal(runRolloutExplain(made.context, { ...common, subject: "0123456789", color: true })),
    ).toMatchObject({ code: "USAGE" });
  });
});

describe("rollout plan", () => {
  it("foresees each step from the traffic that was seen", async () => {
    expect(await runRolloutPlan(made.context, { ...common, prompt: "greeter" })).toBe(0);
    const planned = JSON.parse(made.output());
    expect(planned.traffic.perHour).toBeGreaterThan(2500);
    expect(planned.steps.map(({ name }: { name: string }) => name)).toEqual([
      "staging",
      "canary5",
      "canary25",
      "canary50",
      "full",
    ]);
  });

  it("warns where the traffic cannot decide", async () => {
    await runRolloutPlan(made.context, { ...text, prompt: "greeter", traffic: 2 });
    expect(made.output()).toMatch(/warning: canary5 \(5 %\): quality needs about \d+ samples/);
  });
});

function simulation(fields = {}) {
  return {
    ...common,
    prompt: "greeter",
    from: ".promptgate/metrics.jsonl",
    candidate: "1.1.0",
    stable: "1.0.0",
    start: began,
    every: "1h",
    ...fields,
  };
}

describe("rollout simulate", () => {
  it("decides about a log what the rollout itself decided, and writes nothing", async () => {
    const files = (): string[] => readdirSync(made.folder, { recursive: true, encoding: "utf8" });
    const before = files();
    expect(await runRolloutSimulate(made.context, simulation())).toBe(0);
    const { schema, decisions, final } = JSON.parse(made.output());
    expect(schema).toBe("promptgate/simulation@1");
    const weights = decisions.map(({ weight }: { weight: number }) => weight);
    expect(weights.slice(0, 6)).toEqual([0, 0, 5000, 5000, 25_000, 25_000]);
    expect(final).toMatchObject({ phase: "canary" });
    expect(new Set(files())).toEqual(new Set(before));
  });

  it("needs no version in the registry, and names what the log lacks", async () => {
    await runRolloutSimulate(made.context, simulation({ candidate: "v12", stable: "v11" }));
    expect(made.said.join("\n")).toContain("no request of greeter v12 or v11");
    const { decisions } = JSON.parse(made.output());
    expect(decisions.every(({ weight }: { weight: number }) => weight === 0)).toBe(true);
  });

  it.each([
    [{ from: "nowhere.jsonl" }, "FILE_UNREADABLE"],
    [{ start: "soon" }, "USAGE"],
    [{ every: "often" }, "USAGE"],
    [{ until: "2020-01-01" }, "USAGE"],
    [{ candidate: "1.0.0" }, "USAGE"],
  ])("refuses %j", async (fields, code) => {
    expect(await refusal(runRolloutSimulate(made.context, simulation(fields)))).toMatchObject({ code });
  });
});

describe("a config that is broken elsewhere", () => {
  it("keeps no rollout from being looked at", async () => {
    const file = join(made.folder, "promptgate.yaml");
    const config = readFileSync(file, "utf8");
    writeFileSync(join(made.folder, "golden-datasets/greeter.jsonl"), "{ broken\n");
    writeFileSync(file, config.replace("provider: embedded", "provider: openai\n    apiKey: ${NOT_SET}"));
    expect((await made.advance()).exitCode).toBe(0);
    expect(existsSync(file)).toBe(true);
    writeFileSync(file, config);
  });
});
