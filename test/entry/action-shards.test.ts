import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { aPrompt } from "../e2e/project.ts";
import { loopbackGitHub, type LoopbackGitHub } from "../loopback/github.ts";
import { OUTPUT_NAMES } from "../../src/entry/action/outputs.ts";
import { actionBundle, actionCheckout, type ActionCheckout } from "./action-checkout.ts";

let github: LoopbackGitHub;
let checkout: ActionCheckout;
let shards: string;
beforeAll(async () => {
  await actionBundle();
});
beforeEach(async () => {
  github = await loopbackGitHub();
  shards = mkdtempSync(join(tmpdir(), "promptgate-shards-"));
});
afterEach(async () => {
  checkout.remove();
  rmSync(shards, { recursive: true, force: true });
  await github.close();
});

const succeeded = JSON.stringify({
  plan: { result: "success", outputs: {} },
  eval: { result: "success", outputs: {} },
});

async function aChange(text: string): Promise<void> {
  checkout = await actionCheckout(github);
  checkout.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", text));
  checkout.commit("Change the prompt");
  checkout.merge();
}

async function shard(part: string): ReturnType<ActionCheckout["run"]> {
  return checkout.run({ inputs: { shard: part, "shards-dir": shards } });
}

async function merge(inputs: Readonly<Record<string, string>> = {}): ReturnType<ActionCheckout["run"]> {
  const given = { "expected-shards": '["1/2","2/2"]', needs: succeeded, ...inputs };
  return checkout.run({ inputs: { command: "merge-shards", "shards-dir": shards, ...given } });
}

const worse = "Answer only from the context. Answer in one word.";

describe("the action in shards", { timeout: 180_000 }, () => {
  it("plans without a model, evaluates in parts, and decides and comments once", async () => {
    await aChange(worse);
    const plan = await checkout.run({ inputs: { command: "plan" } });
    expect(plan).toMatchObject({
      exitCode: 0,
      outputs: { verdict: "neutral", changed: "true", shards: '["1/1"]' },
    });
    expect(Object.keys(plan.outputs).sort()).toEqual([...OUTPUT_NAMES].sort());
    for (const part of ["1/2", "2/2"]) {
      const run = await shard(part);
      expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "neutral" } });
      expect(run.outputs["shard-path"]).toBe(join(shards, part.replace("/", "-of-")));
    }
    expect(github.state.comments).toEqual([]);
    const merged = await merge();
    expect(merged).toMatchObject({
      exitCode: 1,
      outputs: { verdict: "fail", "changed-prompts": '["greeter"]' },
    });
    expect(github.state.comments).toHaveLength(1);
  });

  it("plans nothing and passes when no prompt changed", async () => {
    checkout = await actionCheckout(github);
    checkout.project.write("README.md", "text");
    checkout.commit("Change something else");
    checkout.merge();
    const plan = await checkout.run({ inputs: { command: "plan" } });
    expect(plan.outputs).toMatchObject({ changed: "false", shards: "[]" });
    const needs = JSON.stringify({ plan: { result: "success" }, eval: { result: "skipped" } });
    expect(await merge({ "expected-shards": "[]", needs })).toMatchObject({
      exitCode: 0,
      outputs: { verdict: "pass" },
    });
  });

  it.each([
    ["a shard is missing", {}, /shard 2 of 2 is missing/],
    ["a job failed", { needs: JSON.stringify({ eval: { result: "failure" } }) }, /eval ended as failure/],
    [
      "a job was cancelled",
      { needs: JSON.stringify({ eval: { result: "cancelled" } }) },
      /eval ended as cancelled/,
    ],
    ["the plan had another division", { "expected-shards": '["1/3","2/3","3/3"]' }, /another division/],
    ["the plan found nothing", { "expected-shards": "[]" }, /the plan has no shards/],
    ["expected-shards is no plan's", { "expected-shards": '["2/2"]' }, /no whole division/],
    ["expected-shards is left out", { "expected-shards": "" }, /expected-shards/],
    ["needs is no JSON", { needs: "nonsense" }, /toJSON\(needs\)/],
  ])("ends with an error and says so where %s", async (_, inputs, expected) => {
    await aChange(worse);
    await shard("1/2");
    const run = await merge(inputs);
    expect(run).toMatchObject({ exitCode: 2, outputs: { verdict: "error" } });
    expect(run.log).toMatch(expected);
    expect(github.state.comments[0]?.body).toMatch(/ERROR/);
  });

  it("refuses a truncated shard", async () => {
    await aChange(worse);
    for (const part of ["1/2", "2/2"]) await shard(part);
    writeFileSync(join(shards, "2-of-2", "greeter", "candidate", "scores.jsonl"), "");
    const run = await merge();
    expect(run).toMatchObject({ exitCode: 2, outputs: { verdict: "error" } });
    expect(run.log).toContain("truncated");
  });

  it.each([
    ["shard", { shard: "3/2" }, /expected a shard such as 2\/8/],
    ["max-shards", { command: "plan", "max-shards": "0" }, /max-shards/],
    ["command", { command: "deploy" }, /command/],
    ["sign-off", { "sign-off": "environment" }, /input target: this command needs it/],
  ])("refuses a wrong %s in words", async (_, inputs, expected) => {
    await aChange(worse);
    const run = await checkout.run({ inputs });
    expect(run).toMatchObject({ exitCode: 2, outputs: { verdict: "error" } });
    expect(run.log).toMatch(expected);
  });
});
