import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { readJudgeTask } from "../../../src/domain/judge-layout.ts";
import type { BatchServer } from "../../loopback/batch-server.ts";
import { renderVerdict } from "../../loopback/judge-replies.ts";
import type { SeenRequest } from "../../loopback/openai-server.ts";
import { refusal } from "../gate-checkout.ts";
import { answer, batchGates, comparable, gateInAHurry, gateInBatches, usageOf } from "./batch-gate.ts";

const { open, liveVerdict } = batchGates();

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

/** The candidate names no price of an even article. */
function worse(body: SeenRequest["body"]): string {
  const text = body.messages.map(({ content }) => content).join("\n");
  const isWrong = text.includes("Name the price") && /article \d*[02468] /.test(text);
  return body.model === "generator" && isWrong ? "It is free" : answer(body);
}

describe("a candidate that is worse", () => {
  it("fails in batches as it fails live, on the same cases", async () => {
    const live = await open({ answer: worse });
    expect(await live.made.gate({ cache: false })).toBe(1);
    const { server, made } = await open({ answer: worse });
    expect(await gateInBatches(made)).toBe(1);
    expect(server.chats).toHaveLength(0);
    expect(made.printed().prompts[0]?.regressions.length).toBeGreaterThan(10);
    expect(comparable(made.printed())).toEqual(comparable(live.made.printed()));
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

describe("batches that nobody waits for", () => {
  it("are mentioned by a gate without --batch, until they are taken", async () => {
    const { server, made } = await open({ script: () => ({ polls: 1e9 }) });
    await refusal(gateInAHurry(made));
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
