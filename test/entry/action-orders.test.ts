import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { aPrompt } from "../e2e/project.ts";
import { loopbackGitHub, type LoopbackGitHub } from "../loopback/github.ts";
import { runPublish } from "../../src/entry/commands/publish.ts";
import { OUTPUT_NAMES } from "../../src/entry/action/outputs.ts";
import { actionBundle, actionCheckout, type ActionCheckout } from "./action-checkout.ts";
import { checkout as commandCheckout } from "./gate-checkout.ts";
import { git } from "./git-project.ts";

let github: LoopbackGitHub;
let checkout: ActionCheckout;
beforeAll(async () => {
  await actionBundle();
});
beforeEach(async () => {
  github = await loopbackGitHub();
});
afterEach(async () => {
  checkout.remove();
  await github.close();
});

const better = "Answer only from the context you are given.";

/** A repository with 1.0.0 in production and 1.1.0 published; the state is on a branch. */
async function published(approvals = 0): Promise<void> {
  checkout = await actionCheckout(github, {
    cases: 120,
    config: {
      store: { kind: "git" },
      policies: {
        patch: { canary: { minSoak: "1h" }, approvals },
        minor: { approvals },
        major: { approvals: Math.max(1, approvals) },
      },
    },
  });
  checkout.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", better));
  const { context } = commandCheckout(checkout.folder);
  await runPublish(context, {
    prompt: "greeter",
    json: true,
    verbose: false,
    author: "Ada <ada@example.com>",
  });
  checkout.commit("Publish 1.1.0");
  checkout.merge();
}

async function order(
  command: string,
  inputs: Readonly<Record<string, string>> = {},
): ReturnType<ActionCheckout["run"]> {
  return checkout.run({
    event: "workflow_dispatch",
    payload: {},
    inputs: { command, ...inputs },
    environment: { GITHUB_RUN_ID: "77", GITHUB_ACTOR: "starter" },
  });
}

async function evidence(): Promise<string> {
  const run = await order("gate");
  // Of a change that waits for people the gate says nothing else.
  expect(["pass", "neutral"]).toContain(run.outputs["verdict"]);
  return run.outputs["evidence-path"] ?? "";
}

const version = { prompt: "greeter", version: "1.1.0" };

function approval(login: string): Record<string, unknown> {
  return {
    state: "approved",
    user: { login, type: "User" },
    environments: [{ name: "rollout" }],
  };
}

describe("the action's orders", { timeout: 180_000 }, () => {
  it("verify, promote, roll out, look at it, and take it back", async () => {
    await published();
    const bare = await order("verify", { ...version, target: "staging" });
    expect(bare).toMatchObject({ exitCode: 3, outputs: { verdict: "inconclusive", stage: "" } });
    const proof = await evidence();
    const verified = await order("verify", { ...version, target: "staging", evidence: proof });
    expect(verified).toMatchObject({ exitCode: 0, outputs: { verdict: "pass" } });
    expect(Object.keys(verified.outputs).sort()).toEqual([...OUTPUT_NAMES].sort());
    const digest = verified.outputs["content-digest"] ?? "";
    expect(digest).toMatch(/^sha256:/);
    expect(github.state.deployments).toEqual([]);
    const staged = await order("promote", {
      prompt: "greeter",
      version: digest,
      target: "staging",
      evidence: proof,
    });
    expect(staged).toMatchObject({
      exitCode: 0,
      outputs: { verdict: "pass", stage: "staging", "traffic-percent": "0" },
    });
    expect(github.state.deployments).toMatchObject([
      { request: { environment: "prompt-greeter", required_contexts: [] }, statuses: [{ state: "success" }] },
    ]);
    const started = await order("promote", { ...version, target: "rollout" });
    expect(started).toMatchObject({ exitCode: 0, outputs: { verdict: "pass", stage: "staging" } });
    const looked = await order("advance");
    expect(looked.outputs).toMatchObject({ stage: "staging", "traffic-percent": "0" });
    expect(JSON.parse(looked.outputs["rollouts"] ?? "")).toMatchObject([
      { prompt: "greeter", stage: "staging" },
    ]);
    expect(github.state.issues).toEqual([]);
    github.requests.length = 0;
    const again = await order("advance");
    // Nothing serves the version yet, so that nothing is measured: a hold that fails closed, and no move to record.
    expect(again).toMatchObject({ exitCode: 4, outputs: { verdict: "error", stage: "staging" } });
    expect(again.log).toMatch(/metrics/);
    expect(github.requests).toEqual([]);
    const back = await order("rollback", {
      version: "1.0.0",
      prompt: "greeter",
      reason: "::error::wrong <b>language</b> @everyone",
    });
    expect(back.summary.replace(/`[^`]*`/g, "")).not.toMatch(/@everyone|<b>/);
    expect(back).toMatchObject({ exitCode: 0, outputs: { verdict: "pass", stage: "production" } });
    expect(git(checkout.server, "log", "--oneline", "promptgate-state").split("\n").length).toBeGreaterThan(
      2,
    );
  });

  it("takes a trail that GitHub refuses for a warning and not for a failure", async () => {
    await published();
    const proof = await evidence();
    github.state.refuseTrail = 403;
    const run = await order("promote", { ...version, target: "staging", evidence: proof });
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "pass", stage: "staging" } });
    expect(run.log).toContain("deployments: write");
  });

  it("takes the environment's reviewers for a sign-off, and nobody where it has none", async () => {
    await published(1);
    const proof = await evidence();
    const production = { ...version, target: "rollout", evidence: proof };
    await order("promote", { ...version, target: "staging", evidence: proof });
    github.state.environments = { rollout: [] };
    const open = await order("promote", { ...production, "sign-off": "environment" });
    expect(open).toMatchObject({ exitCode: 5, outputs: { verdict: "neutral", "sign-off-required": "true" } });
    expect(open.log).toContain("has no required reviewers");
    github.state.environments = { rollout: ["required_reviewers"] };
    github.state.approvals = [approval("starter"), approval("ada")];
    expect(await order("promote", production)).toMatchObject({ exitCode: 1, outputs: { verdict: "fail" } });
    github.state.approvals = [approval("starter"), approval("bea")];
    const run = await order("promote", production);
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "pass", stage: "staging" } });
  });

  it.each([
    ["promote", {}, 2, /input prompt: this command needs it/],
    ["promote", { prompt: "../greeter", version: "1.1.0", target: "staging" }, 2, /cannot name a prompt/],
    ["promote", { prompt: "greeter", target: "staging" }, 2, /input version: this command needs it/],
    [
      "verify",
      { prompt: "greeter", version: "latest", target: "staging" },
      2,
      /expected MAJOR\.MINOR\.PATCH or sha256/,
    ],
    ["verify", { prompt: "greeter", version: "9.9.9", target: "staging" }, 2, /not in the registry/],
    [
      "verify",
      { prompt: "greeter", version: `sha256:${"0".repeat(64)}`, target: "staging" },
      2,
      /no version of greeter/,
    ],
    ["promote", { prompt: "greeter", version: "1.1.0", target: "canary" }, 2, /nobody promotes to canary/],
    ["advance", { prompt: "nobody" }, 2, /there is no prompt "nobody"/],
    ["rollback", { prompt: "greeter" }, 2, /input reason: this command needs it/],
    ["advance", { "hold-hours": "soon" }, 2, /hold-hours/],
  ])("refuse %s with %j in words", async (command, inputs, exitCode, expected) => {
    await published();
    const run = await order(command, inputs);
    expect(run).toMatchObject({ exitCode, outputs: { verdict: "error", stage: "", rollouts: "[]" } });
    expect(run.log).toMatch(expected);
    expect(run.summary).toMatch(/ERROR/);
  });

  it("do nothing that a pull request asks for", async () => {
    await published();
    const run = await checkout.run({ inputs: { command: "promote", ...version, target: "staging" } });
    expect(run).toMatchObject({ exitCode: 2, outputs: { verdict: "error" } });
    expect(run.log).toContain("by the event pull_request");
  });
});
