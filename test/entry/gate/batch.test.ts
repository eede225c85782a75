import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { readJudgeTask } from "../../../src/domain/judge-layout.ts";
import type { GateOptions } from "../../../src/entry/commands/gate.ts";
import type { BatchServer } from "../../loopback/batch-server.ts";
import { renderVerdict } from "../../loopback/judge-replies.ts";
import type { SeenRequest } from "../../loopback/openai-server.ts";
import { refusal, type Checkout } from "../gate-checkout.ts";
import { aBatchGate, answer, comparable, timed } from "./batch-gate.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Shape = Parameters<typeof aBatchGate>;

const open = (options: Shape[0] = {}, shape: Shape[1] = {}) => aBatchGate(options, shape, cleanups);

/** Gates in batches without the shared cache. */
function gateInBatches(made: Checkout, options: Partial<GateOptions> = {}): Promise<number> {
  return made.gate({ cache: false, batch: true, ...timed(made), ...options });
}

let live: Promise<unknown> | undefined;

/** The verdict of live calls on the same question. */
function liveVerdict(): Promise<unknown> {
  live ??= open().then(async ({ made }) => {
    await made.gate({ cache: false });
    return comparable(made.printed());
  });
  return live;
}

/** A panel and a comparison judge outputs that differ between the versions. */
async function severalJudges() {
  const { server, made, project } = await open({
    answer: (body) => {
      const task = body.messages.map(({ content }) => readJudgeTask(content)).find((found) => found !== null);
      if (task)
        return renderVerdict(
          { body } as SeenRequest,
          task.rubric.scale.kind === "pairwise" ? "tie" : "supported",
        );
      const isCandidate = body.messages.some(({ content }) => content.includes("Name the price"));
      return `${answer(body)}${isCandidate ? ", gladly" : ""}`;
    },
  });
  const criteria = [{ id: "grounded", question: "Is it grounded?" }];
  const choices = { kind: "choices", choices: { supported: 1, unsupported: 0 } };
  const rubric = { allowSelfGrading: true, criteria };
  project.write(
    "rubrics/panel.yml",
    stringify({ ...rubric, name: "panel", panel: ["judge", "second", "third"], scale: choices }),
  );
  project.write(
    "rubrics/duel.yml",
    stringify({ ...rubric, name: "duel", model: "judge", scale: { kind: "pairwise" } }),
  );
  const file = join(made.folder, "promptgate.yaml");
  const config = parse(readFileSync(file, "utf8")) as {
    models: Record<string, { model: string }>;
    prompts: { greeter: { judges: string[] } };
  };
  for (const name of ["second", "third"])
    config.models[name] = { ...config.models["judge"], model: `grader-${name}` };
  config.prompts.greeter.judges = ["rubrics/panel.yml", "rubrics/duel.yml"];
  project.write("promptgate.yaml", stringify(config));
  return { server, made };
}

function requestsOf({ batches }: BatchServer): string[] {
  return batches.flatMap(({ requests }) => requests.map(({ custom_id: id }) => id));
}

function usageOf(made: Checkout) {
  return made.printed().prompts[0]?.usage;
}

describe("a gate in batches", () => {
  it("draws the verdict of live calls with the same scores, and counts what it paid for", async () => {
    const { server, made } = await open();
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(2);
    expect(server.chats).toHaveLength(0);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
    const sent = requestsOf(server);
    expect(new Set(sent).size).toBe(sent.length);
    expect(usageOf(made)).toMatchObject({ calls: sent.length });
    // Of a server that is not OpenAI's own, no discount is known.
    const tokens = usageOf(made);
    const cost = ((tokens?.inputTokens ?? 0) + 2 * (tokens?.outputTokens ?? 0)) / 1e6;
    expect(tokens?.costUsd).toBeCloseTo(cost, 9);
  });

  it("measures no latency, not even of the calls that go live", async () => {
    const { made } = await open({
      script: () => ({ outcome: (_, index) => (index % 2 === 0 ? { kind: "answer" } : { kind: "silence" }) }),
    });
    await gateInBatches(made);
    const { runDir = "" } = made.printed().prompts[0] ?? {};
    const rows = readFileSync(join(made.folder, runDir ?? "", "candidate/scores.jsonl"), "utf8");
    const latencies = rows
      .trim()
      .split("\n")
      .map((row) => (JSON.parse(row) as { measures: { latency: number | null } }).measures.latency);
    expect(latencies.length).toBeGreaterThan(60);
    expect(latencies.every((latency) => latency === null)).toBe(true);
  });

  it("asks every judge of a panel and both orders of a pair, without a live call", async () => {
    const live = await severalJudges();
    expect(await live.made.gate({ cache: false })).toBe(0);
    const { server, made } = await severalJudges();
    expect(await gateInBatches(made)).toBe(0);
    expect(server.chats).toHaveLength(0);
    const models = server.batches.map(({ requests }) => [requests[0]?.body.model, requests.length]);
    expect(Object.fromEntries(models)).toEqual({
      generator: 160,
      // The panel sees 160 outputs, the comparison 80 pairs in both orders.
      grader: 320,
      "grader-second": 160,
      "grader-third": 160,
    });
    expect(comparable(made.printed())).toEqual(comparable(live.made.printed()));
  });

  it("sends what a batch answered badly or not at all live", async () => {
    const { server, made } = await open({
      script: () => ({
        outcome: (_, index) =>
          index === 0
            ? { kind: "error", status: 500, message: "the model fell over" }
            : index === 1
              ? { kind: "silence" }
              : { kind: "answer" },
      }),
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.chats.length).toBeGreaterThanOrEqual(2);
    expect(server.batches).toHaveLength(2);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
    expect(made.said.join("\n")).toMatch(/2 requests without an answer .* are asked live, at the full price/);
  });

  it("takes outputs in any order, each once, and leaves what it did not ask for", async () => {
    const foreign = JSON.stringify({
      custom_id: "f".repeat(64),
      response: { status_code: 200, body: {} },
      error: null,
    });
    const { server, made } = await open({
      script: () => ({
        lines: ({ output, errors }) => ({
          output: ["not JSON", foreign, ...output.toReversed(), ...output.slice(0, 5), '{"custom_id":'],
          errors,
        }),
      }),
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.chats).toHaveLength(0);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
    expect(usageOf(made)?.calls).toBe(requestsOf(server).length);
    expect(made.said.join("\n")).toContain("3 lines are damaged or answer nothing that was asked");
  });

  it("believes an answer before an error on the same request", async () => {
    const { server, made } = await open({
      script: () => ({
        lines: ({ output }) => ({
          output,
          errors: output.map((line) =>
            JSON.stringify({
              custom_id: (JSON.parse(line) as { custom_id: string }).custom_id,
              response: { status_code: 500, body: { error: { message: "no" } } },
              error: null,
            }),
          ),
        }),
      }),
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.chats).toHaveLength(0);
  });

  it("uses what runs share, and shares what batches answered", async () => {
    const { server, made, project } = await open();
    await gateInBatches(made, { cache: true });
    const paid = requestsOf(server).length;
    project.write(
      "rubrics/faithfulness.yml",
      readFileSync(join(made.folder, "rubrics/faithfulness.yml"), "utf8").replace(
        "every claim",
        "each claim",
      ),
    );
    await gateInBatches(made, { cache: true });
    const again = requestsOf(server).slice(paid);
    const generated = server.batches
      .slice(2)
      .flatMap(({ requests }) => requests.filter(({ body }) => body.model === "generator"));
    expect(again.length).toBeGreaterThan(0);
    expect(generated).toEqual([]);
  });

  it("repeats a stored verdict without a batch", async () => {
    const { server, made } = await open();
    await gateInBatches(made);
    const before = server.counts.create;
    await gateInBatches(made);
    expect(made.printed().prompts[0]?.stored).toBe(true);
    expect(server.counts.create).toBe(before);
  });
});

describe("a batch that expires", () => {
  it("keeps its answers and submits the rest again", async () => {
    const { server, made } = await open({
      script: (index) =>
        index === 0
          ? {
              end: "expired",
              outcome: (_, request) => (request < 50 ? { kind: "answer" } : { kind: "expire" }),
            }
          : {},
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches.map(({ requests }) => requests.length)).toEqual([160, 110, 80]);
    expect(server.chats).toHaveLength(0);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });

  it("gives up after three in a row, and tries again on the next command", async () => {
    let dead = true;
    const { server, made } = await open({
      script: () => (dead ? { end: "expired", outcome: () => ({ kind: "expire" }) } : {}),
    });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "TIMEOUT",
      message: "160 requests expired in 3 batches, one after another",
    });
    expect(server.batches).toHaveLength(3);
    dead = false;
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(5);
  });

  it("gives up on one that never ends", async () => {
    const { made } = await open({ script: () => ({ polls: 1e9 }) });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "TIMEOUT",
      message: "batch batch_0 has not ended within 48 hours",
    });
  });
});

describe("a batch that is refused, cancelled or too large", () => {
  it("ends the run with the provider's words, and is submitted anew by the next command", async () => {
    let refuses = true;
    const { server, made } = await open({
      script: () =>
        refuses
          ? {
              end: "failed",
              errors: [{ code: "invalid_model", message: "The model\u0007 takes no batches" }],
            }
          : {},
    });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "PROVIDER_FAILED",
      message: "the provider refused a batch for generator: The model\\u{7} takes no batches",
    });
    refuses = false;
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(3);
  });

  it("keeps the answers of one that was cancelled at the provider", async () => {
    let cancels = true;
    const { server, made } = await open({
      script: () =>
        cancels
          ? {
              end: "cancelled",
              outcome: (_, index) => (index < 100 ? { kind: "answer" } : { kind: "silence" }),
            }
          : {},
    });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "PROVIDER_FAILED",
      message: "batch batch_0 was cancelled: 60 requests are open",
    });
    cancels = false;
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches.map(({ requests }) => requests.length)).toEqual([160, 60, 80]);
  });

  it("is halved until the provider takes it, and what follows waits its turn", async () => {
    let working = 0;
    const { server, made } = await open({
      script: (_, requests) => {
        if (requests.length > 50)
          return { end: "failed", errors: [{ code: "token_limit_exceeded", message: "too many" }] };
        working += 1;
        return { polls: 2 };
      },
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(working).toBeGreaterThanOrEqual(6);
    expect(server.chats).toHaveLength(0);
    const accepted = server.batches.filter(({ requests }) => requests.length <= 50);
    expect(accepted.flatMap(({ requests }) => requests)).toHaveLength(240);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });
});

describe("a provider that falters", () => {
  const unavailable = { kind: "status", status: 503 } as const;
  const limited = { kind: "status", status: 429, headers: { "retry-after": "7" } } as const;

  it.each([
    ["uploads meet 500", "upload", { kind: "status", status: 500 }],
    ["uploads are cut off", "upload", { kind: "reset" }],
    ["looks meet 503", "read", unavailable],
    ["looks are limited", "read", limited],
    ["looks are torn", "read", { kind: "cut" }],
    ["results are torn", "content", { kind: "cut" }],
    ["results meet 500", "content", { kind: "status", status: 500 }],
    ["the first question is limited", "list", limited],
    ["creations are limited", "create", limited],
  ] as const)("waits and goes on where %s", async (_, event, fault) => {
    const { server, made } = await open({
      fault: (seen, index) => (seen === event && index < 2 ? fault : undefined),
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(2);
    expect(usageOf(made)?.calls).toBe(240);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });

  it.each([true, false])(
    "finds a batch again whose creation was never answered (metadata kept: %s)",
    async (keepsMetadata) => {
      const { server, made } = await open({
        keepsMetadata,
        fault: (event, index) => (event === "create" && index === 0 ? { kind: "lost" } : undefined),
      });
      expect(await gateInBatches(made)).toBe(0);
      expect(server.batches).toHaveLength(2);
    },
  );

  it("submits again what the list does not know after a creation without an answer", async () => {
    const { server, made } = await open({
      fault: (event, index) => (event === "create" && index === 0 ? { kind: "reset" } : undefined),
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(2);
    expect(server.counts.create).toBe(3);
  });

  it("gives up on a creation that never succeeds, without having paid", async () => {
    const { server, made } = await open({ fault: (event) => (event === "create" ? unavailable : undefined) });
    expect(await refusal(gateInBatches(made))).toMatchObject({ code: "PROVIDER_FAILED" });
    expect(server.batches).toHaveLength(0);
  });

  it("stops at a refused key before anything is submitted", async () => {
    const { server, made } = await open({
      fault: (event) => (event === "list" ? { kind: "status", status: 401 } : undefined),
    });
    expect(await refusal(gateInBatches(made))).toMatchObject({ code: "AUTHENTICATION" });
    expect(server.uploads).toHaveLength(0);
  });

  it("says of a server without a Batch API that it has none", async () => {
    const { server, made } = await open({ takesBatches: false });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/^127\.0\.0\.1:\d+\/v1 has no Batch API$/) as string,
    });
    expect(server.chats).toHaveLength(0);
  });
});

describe("an interrupted wait", () => {
  it("saves its state, and the same command goes on without paying again", async () => {
    const { server, made } = await open({ script: () => ({ polls: 5 }) });
    const controller = new AbortController();
    Object.assign(made.context, { signal: controller.signal });
    const interruption = new Error("interrupted");
    const timing = timed(made, (pauses) => {
      if (pauses === 2) controller.abort(interruption);
    });
    expect(await refusal(made.gate({ cache: false, batch: true, ...timing }))).toBe(interruption);
    expect(server.batches).toHaveLength(1);
    Object.assign(made.context, { signal: new AbortController().signal });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(2);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });

  it("looks less and less often, up to once a minute", async () => {
    const { made } = await open({ script: (index) => ({ polls: index === 0 ? 20 : 0 }) });
    const timing = timed(made);
    await made.gate({ cache: false, batch: true, ...timing });
    expect(timing.pauses.slice(0, 3)).toEqual([1_000, 1_500, 2_250]);
    expect(Math.max(...timing.pauses)).toBe(60_000);
  });
});

describe("batches that nobody waits for", () => {
  it("are mentioned by a gate without --batch, until they are taken", async () => {
    const { server, made } = await open({ script: () => ({ polls: 1e9 }) });
    await refusal(gateInBatches(made));
    expect(await made.gate({ cache: false })).toBe(0);
    expect(made.said.at(-1)).toBe(
      "greeter: 1 batch of this run may still be paid for at the provider: --batch takes their answers, without it they are asked for anew",
    );
    const { server: other, made: whole } = await open();
    await gateInBatches(whole);
    expect(whole.said.join("\n")).not.toContain("still be paid for");
    expect([server.batches.length, other.batches.length]).toEqual([1, 2]);
  });
});

describe("a batch that is completed before its files are named", () => {
  it("is looked at again, and not asked live", async () => {
    const { server, made } = await open({ script: () => ({ filesAfter: 3 }) });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.chats).toHaveLength(0);
    expect(server.batches).toHaveLength(2);
  });
});

function batchFiles(made: Checkout): { folder: string; names: string[] } {
  const runs = join(made.folder, ".promptgate/runs");
  const [run = ""] = readdirSync(runs);
  const folder = join(runs, run, "batches");
  return { folder, names: readdirSync(folder).sort() };
}

describe("the files of a run's batches", () => {
  it("refuse to guess when one is damaged", async () => {
    const { server, made } = await open({ script: () => ({ polls: 1e9 }) });
    await refusal(gateInBatches(made));
    const { folder, names } = batchFiles(made);
    const created = names.find((name) => name.endsWith(".created.json")) ?? "";
    writeFileSync(join(folder, created), '{"schema":"promptgate/ba');
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringContaining(created) as string,
    });
    expect(server.batches).toHaveLength(1);
  });

  it("hold no prompt and no key", async () => {
    const { made } = await open();
    await gateInBatches(made);
    const { folder, names } = batchFiles(made);
    const text = names.map((name) => readFileSync(join(folder, name), "utf8")).join("");
    expect(names.length).toBeGreaterThanOrEqual(8);
    expect(text).not.toMatch(/euros|key-for-the-test/);
  });
});

describe("two gates on one question at the same time", () => {
  it("submit each batch once and draw one verdict", async () => {
    const { server, made } = await open({ script: () => ({ polls: 2 }) });
    const timing = timed(made);
    const codes = await Promise.all([
      made.gate({ cache: false, batch: true, ...timing }),
      made.gate({ cache: false, batch: true, ...timing }),
    ]);
    expect(codes).toEqual([0, 0]);
    expect(server.batches).toHaveLength(2);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });
});

describe("--batch", () => {
  it.each([
    ["record", { record: "calls" }, "--record", "latency"],
    ["replay", { replay: "calls" }, "--replay", "calls no model"],
    ["shard", { shard: "1/2" }, "--shard", "the provider's limits"],
  ] as const)("excludes --%s and says why", async (_, options, flag, reason) => {
    const { server, made } = await open();
    expect(await refusal(gateInBatches(made, options))).toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(
        new RegExp(`^--batch and ${flag} exclude each other: .*${reason}`),
      ) as string,
    });
    expect(server.counts.list).toBe(0);
  });

  it("is refused where every model answers at once", async () => {
    const models = {
      main: { provider: "embedded", model: "embedded-1" },
      judge: { provider: "embedded", model: "embedded-1" },
    };
    const { made } = await open({}, { config: { models } });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "CONFIG_INVALID",
      message: "--batch: the models of greeter answer at once (provider embedded) and take no batches",
    });
  });

  it("is refused where a limit on latency decides, and allowed where it only warns", async () => {
    const gates = (level: string) => ({ prompt: { gates: { latency: { maxIncrease: "10%", level } } } });
    const strict = await open({}, gates("error"));
    expect(await refusal(gateInBatches(strict.made))).toMatchObject({
      code: "CONFIG_INVALID",
      message: "--batch: greeter has a gate on latency, which a batch does not measure",
    });
    expect(strict.server.counts.list).toBe(0);
    const mild = await open({}, gates("warn"));
    expect(await gateInBatches(mild.made)).toBe(0);
  });

  it("asks a judge on this machine here and now", async () => {
    const { server, project, made } = await open();
    const config = parse(readFileSync(join(made.folder, "promptgate.yaml"), "utf8")) as {
      models: Record<string, unknown>;
    };
    config.models["judge"] = { provider: "embedded", model: "embedded-1" };
    project.write("promptgate.yaml", stringify(config));
    await gateInBatches(made);
    expect(server.batches).toHaveLength(1);
    expect(made.printed().prompts[0]?.unscored).toEqual([]);
  });
});

describe("the money for a batch", () => {
  it("is refused before anything is submitted when the budget does not hold it", async () => {
    const { server, made } = await open();
    expect(await refusal(gateInBatches(made, { maxCost: 0.001 }))).toMatchObject({
      code: "BUDGET_REACHED",
      message: expect.stringMatching(
        /^no verdict: the next batch is expected to cost \$0\.\d+, which the budget of \$0\.001 .* does not hold$/,
      ) as string,
    });
    expect(server.uploads).toHaveLength(0);
  });

  it("counts against the budget with what the answers cost", async () => {
    const { made } = await open();
    expect(await gateInBatches(made, { maxCost: 5 })).toBe(0);
    const { server, made: poor } = await open();
    // Answers are assumed to be long: the batch fits, and what it cost leaves room for the judge.
    expect(await gateInBatches(poor, { maxCost: 0.2 })).toBe(0);
    expect(usageOf(poor)?.costUsd).toBeLessThan(0.2);
    expect(server.batches).toHaveLength(2);
  });

  it("ends the wait when the minutes are over, and the next command goes on", async () => {
    const { server, made } = await open({ script: () => ({ polls: 3 }) });
    expect(await refusal(gateInBatches(made, { maxMinutes: 1e-9 }))).toMatchObject({
      code: "BUDGET_REACHED",
    });
    expect(server.batches).toHaveLength(0);
    expect(await gateInBatches(made)).toBe(0);
  });
});

describe("a judge in batches", () => {
  it("is asked once more live where its reply breaks the contract", async () => {
    let first = true;
    const { server, made } = await open({
      answer: (body) => {
        if (body.model === "grader" && first) {
          first = false;
          return "no verdict at all";
        }
        return answer(body);
      },
      script: (index) =>
        index === 1
          ? {
              outcome: (_, request) =>
                request === 0 ? { kind: "answer", text: "nonsense" } : { kind: "answer" },
            }
          : {},
    });
    first = false;
    expect(await gateInBatches(made)).toBe(0);
    expect(server.chats.filter(({ model }) => model === "grader")).toHaveLength(1);
    expect(made.printed().prompts[0]?.unscored).toEqual([]);
  });
});
