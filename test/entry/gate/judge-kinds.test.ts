import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { readJudgeTask, type JudgeTask } from "../../../src/domain/judge-layout.ts";
import type { GateResult, PromptGateResult } from "../../../src/domain/gate-result.ts";
import type { ScoreRow } from "../../../src/domain/scores.ts";
import { runGate } from "../../../src/entry/commands/gate.ts";
import { runPublish } from "../../../src/entry/commands/publish.ts";
import type { CommandContext } from "../../../src/entry/context.ts";
import { aProject, aPrompt } from "../../e2e/project.ts";
import { startOpenAiServer, type Reply, type SeenRequest } from "../../loopback/openai-server.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Judge = (task: JudgeTask, model: string) => string | number | readonly (string | number)[];

function taskOf(request: SeenRequest): JudgeTask | null {
  return (
    request.body.messages.map(({ content }) => readJudgeTask(content)).find((task) => task !== null) ?? null
  );
}

/** Tokens of a reply as a server gives them, each digit its own and with the probabilities of its neighbours. */
function logprobsOf(text: string) {
  const tokens = text.match(/\d|[^\d]+/g) ?? [];
  return {
    content: tokens.map((token) => ({
      token,
      logprob: Math.log(0.75),
      top_logprobs: /\d/.test(token)
        ? [
            { token, logprob: Math.log(0.75) },
            { token: "1", logprob: Math.log(0.25) },
          ]
        : [],
    })),
  };
}

interface Setting {
  readonly judge: Judge;
  readonly rubric: Readonly<Record<string, unknown>>;
  readonly models?: Readonly<Record<string, unknown>>;
  readonly logprobs?: boolean;
}

/** Gates a candidate that adds "cheerfully" to every price, under one rubric. */
async function gateWith({ judge, rubric, models = {}, logprobs = false }: Setting) {
  const seen: { models: string[]; orders: string[] } = { models: [], orders: [] };
  const reply = (request: SeenRequest): Reply => {
    const task = taskOf(request);
    if (task === null) {
      const text = request.body.messages.map(({ content }) => content).join("\n");
      const price = /costs \d+ euros/.exec(text)?.[0] ?? "";
      return { kind: "answer", text: text.includes("cheerful") ? `${price}, cheerfully` : price };
    }
    seen.models.push(request.body.model);
    const labels = [judge(task, request.body.model)].flat();
    const text = JSON.stringify({
      nonce: task.nonce,
      reasoning: "Compared with care.",
      criteria: task.rubric.criteria.map(({ id }, index) => ({ id, label: labels[index], evidence: "" })),
    });
    if (!logprobs) return { kind: "answer", text };
    const choice = { finish_reason: "stop", message: { content: text }, logprobs: logprobsOf(text) };
    return { kind: "json", document: { model: request.body.model, choices: [choice] } };
  };
  const server = await startOpenAiServer({ reply });
  cleanups.push(() => server.close());
  const common = { provider: "openai", baseUrl: server.baseUrl };
  const grader = (model: string) => ({ ...common, model });
  const { folder, write, remove } = aProject({
    cases: 70,
    judged: true,
    baseUrl: server.baseUrl,
    config: {
      models: {
        main: grader("generator"),
        judge: grader("grader"),
        second: grader("second-grader"),
        third: grader("third-grader"),
        ...models,
      },
    },
  });
  cleanups.push(remove);
  write(
    "rubrics/faithfulness.yml",
    stringify({
      name: "faithfulness",
      allowSelfGrading: true,
      criteria: [{ id: "grounded", question: "Is every claim supported by the context?" }],
      ...rubric,
    }),
  );
  let last = "";
  const context: CommandContext = {
    cwd: folder,
    environment: {},
    clock: { now: () => Date.UTC(2026, 10, 20) },
    log: { info: () => {}, warn: () => {} },
    print: (text) => void (last = text),
    signal: new AbortController().signal,
    terminal: { color: false, interactive: false, width: 100 },
  };
  const options = { json: true, verbose: false };
  const gate = async (): Promise<PromptGateResult> => {
    await runPublish(context, { ...options, prompt: "greeter", label: "production", author: "test" });
    write("prompts/greeter.prompt.yml", aPrompt("1.1.0", "Answer only from the context. Be cheerful."));
    await runGate(context, {
      ...options,
      baseline: "production",
      tier: "auto",
      filterTag: [],
      filterId: [],
      outputs: [],
      prompts: [],
      output: [],
      concurrency: 8,
      cache: false,
      dryRun: false,
    });
    const [prompt] = (JSON.parse(last) as GateResult).prompts;
    if (prompt === undefined) throw new Error("nothing was gated");
    return prompt;
  };
  const rows = (prompt: PromptGateResult, side: "baseline" | "candidate"): ScoreRow[] =>
    readFileSync(join(folder, prompt.runDir ?? "", side, "scores.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as ScoreRow);
  return { gate, rows, seen, server };
}

function metricOf(prompt: PromptGateResult) {
  const metric = prompt.metrics.find(({ name }) => name === "faithfulness");
  if (metric === undefined) throw new Error("the metric is missing");
  return metric;
}

const outputOf = (task: JudgeTask, name: string): string =>
  task.sections.find((section) => section.kind === "output" && section.name === name)?.text ?? "";

const prefersPlain: Judge = (task) => (outputOf(task, "first").includes("cheerfully") ? "second" : "first");

describe("a gate with a pairwise rubric", () => {
  const rubric = { model: "judge", scale: { kind: "pairwise" } };

  it("fails a candidate whose answers lose in both orders, and says why", async () => {
    const { gate, rows, server } = await gateWith({ rubric, judge: prefersPlain });
    const prompt = await gate();
    expect(prompt.verdict).toBe("fail");
    expect(metricOf(prompt)).toMatchObject({
      delta: -1,
      baseline: 1,
      candidate: 0,
      level: "error",
      judging: { kind: "pairwise", consistency: 1, firstSlotRate: 0.5 },
    });
    expect(prompt.regressions[0]).toMatchObject({
      metric: "faithfulness",
      baseline: 1,
      candidate: 0,
      reason: "the baseline is better in both orders: Compared with care.",
      candidateOutput: expect.stringContaining("cheerfully") as unknown,
    });
    const used = rows(prompt, "candidate").length;
    // Two answers and two comparisons a case, and the answers of the next look that were on their way.
    expect(server.count).toBe(4 * used + 16);
    expect(prompt.plan?.calls.judge).toBe(2 * (prompt.plan?.maxCases ?? 0));
  });

  it("does not let a judge decide that always prefers the first place", async () => {
    const { gate } = await gateWith({ rubric, judge: () => "first" });
    const prompt = await gate();
    expect(metricOf(prompt)).toMatchObject({
      level: "warn",
      delta: 0,
      judging: { consistency: 0, firstSlotRate: 1 },
    });
    expect(prompt.warnings.join("\n")).toContain("faithfulness does not decide");
  });
});

describe("a gate with a panel", () => {
  const rubric = {
    panel: ["judge", "second", "third"],
    scale: { kind: "choices", choices: { supported: 1, partly: 0.5, unsupported: 0 } },
  };

  it("goes by the majority, names every judge and keeps every vote", async () => {
    const { gate, rows, seen } = await gateWith({
      rubric,
      judge: (_, model) => (model === "third-grader" ? "unsupported" : "supported"),
    });
    const prompt = await gate();
    expect(prompt.verdict).toBe("pass");
    expect(metricOf(prompt)).toMatchObject({
      candidate: 1,
      judging: { kind: "panel", judges: 3, agreement: 1 / 3 },
      lengthAdjusted: null,
    });
    expect(prompt.models.filter(({ role }) => role === "judge").map(({ model }) => model)).toEqual([
      "grader",
      "second-grader",
      "third-grader",
    ]);
    expect(rows(prompt, "candidate")[0]?.judges).toEqual({
      faithfulness: { kind: "panel", votes: { grounded: ["supported", "supported", "unsupported"] } },
    });
    expect(new Set(seen.models).size).toBe(3);
  });

  it("decides nothing on three opinions", async () => {
    const { gate } = await gateWith({
      rubric,
      judge: (_, model) =>
        ({ grader: "supported", "second-grader": "partly", "third-grader": "unsupported" })[model] ?? "",
    });
    const prompt = await gate();
    expect(prompt.verdict).toBe("inconclusive");
    expect(prompt.unscored[0]?.reason).toContain("the panel has no majority");
  });
});

describe("a gate with expected grades", () => {
  const scale = { kind: "likert", min: 1, max: 5, expected: true };

  it("scores by the probabilities of the judge's tokens", async () => {
    const { gate, server } = await gateWith({
      rubric: { model: "judge", scale },
      judge: () => 5,
      logprobs: true,
    });
    const prompt = await gate();
    // Three quarters on 5 and one quarter on 1.
    expect(metricOf(prompt).candidate).toBeCloseTo(0.75, 9);
    const judged = server.requests.find(({ body }) => body.model === "grader");
    expect(judged?.body).toMatchObject({ logprobs: true, top_logprobs: 20 });
  });

  it("decides nothing when the server gives no probabilities", async () => {
    const { gate } = await gateWith({ rubric: { model: "judge", scale }, judge: () => 5 });
    const prompt = await gate();
    expect(prompt.verdict).toBe("inconclusive");
    expect(prompt.unscored[0]?.reason).toContain("gives no token probabilities");
  });

  it("refuses a provider that has none before any call", async () => {
    const { gate, server } = await gateWith({
      rubric: { model: "local", scale },
      models: { local: { provider: "embedded", model: "embedded-1" } },
      judge: () => 5,
    });
    await expect(gate()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: "rubric faithfulness has expected: true, but provider embedded gives no token probabilities",
    });
    expect(server.count).toBe(0);
  });
});

describe("a gate with a reference", () => {
  it("that is required and missing names the cases before any call", async () => {
    const { gate, server } = await gateWith({
      rubric: { model: "judge", reference: "required", scale: { kind: "likert", min: 1, max: 5 } },
      judge: () => 5,
    });
    await expect(gate()).rejects.toThrow(
      /case "case-0" has no expected answer, which the rubric faithfulness requires as its reference/,
    );
    expect(server.count).toBe(0);
  });
});
