import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OUTPUT_NAMES } from "../../../src/entry/action/outputs.ts";
import { aPrompt } from "../../e2e/project.ts";
import { loopbackGitHub, type LoopbackGitHub } from "../../loopback/github.ts";
import { git } from "../git-project.ts";
import { hasAct, workflowRunner, type WorkflowRun, type WorkflowRunner } from "./act-runner.ts";
import { branchRepository, type BranchRepository } from "./branch-repository.ts";

if (!hasAct) console.log("act is not installed: the workflows are not run end to end");

const byHand = { event: "workflow_dispatch" } as const;
const file = (name: string): string => `.github/workflows/prompt-${name}.yml`;

let github: LoopbackGitHub;
let repository: BranchRepository;
let runner: WorkflowRunner;

async function propose(path: string, text: string): Promise<WorkflowRun> {
  git(repository.folder, "checkout", "-q", "change");
  repository.project.write(path, text);
  repository.commit("Propose");
  const commit = repository.merge();
  const payload = repository.pullRequestEvent();
  return runner.run({ workflow: file("gate"), event: "pull_request", payload, commit });
}

async function order(name: string, inputs: Readonly<Record<string, string>>): Promise<WorkflowRun> {
  const payload = { inputs, ref: "refs/heads/main", repository: { fork: false } };
  return runner.run({ ...byHand, workflow: file(name), payload, commit: repository.main });
}

describe.skipIf(!hasAct)("the workflows to copy, run by act", { timeout: 240_000 }, () => {
  beforeEach(async () => {
    github = await loopbackGitHub();
    repository = await branchRepository(github);
    runner = await workflowRunner({ github, folder: repository.folder, server: repository.server });
  });
  afterEach(async () => {
    runner.remove();
    repository.remove();
    await github.close();
  });

  it("prompt-gate passes a change of something else, then fails a worse prompt and comments", async () => {
    const passed = await propose("README.md", "text");
    expect(passed).toMatchObject({ exitCode: 0, jobs: { gate: "success" } });
    expect(passed.outputs["gate/1"]).toMatchObject({ verdict: "pass", changed: "false" });
    expect(github.state.comments).toEqual([]);
    const worse = aPrompt("1.2.0", "Answer only from the context. Answer in one word.");
    const failed = await propose("prompts/greeter.prompt.yml", worse);
    expect(failed).toMatchObject({ exitCode: 1, jobs: { gate: "failure" } });
    expect(failed.outputs["gate/1"]).toMatchObject({ verdict: "fail", changed: "true" });
    expect(Object.keys(failed.outputs["gate/1"] ?? {}).sort()).toEqual([...OUTPUT_NAMES].sort());
    expect(github.state.comments).toHaveLength(1);
    expect(github.state.comments[0]?.body).toContain("greeter");
    expect(github.tokens).toEqual(new Set(["token ghs_token_of_this_job"]));
  });

  it("prompt-promote takes the evidence of one job to the next and goes by the environment's reviewers", async () => {
    const version = { prompt: "greeter", version: "1.1.0" };
    const staged = await order("promote", { ...version, target: "staging" });
    expect(staged).toMatchObject({ exitCode: 0, jobs: { check: "success", promote: "success" } });
    const refused = await order("promote", { ...version, target: "rollout" });
    expect(refused).toMatchObject({ exitCode: 1, jobs: { check: "success", promote: "failure" } });
    github.state.environments = { rollout: ["required_reviewers"] };
    github.state.approvals = [
      { state: "approved", user: { login: "bea", type: "User" }, environments: [{ name: "rollout" }] },
    ];
    const started = await order("promote", { ...version, target: "rollout" });
    expect(started).toMatchObject({ exitCode: 0, jobs: { check: "success", promote: "success" } });
    expect(started.outputs["promote/2"]).toMatchObject({ verdict: "pass", stage: "staging" });
    expect(await repository.state()).toMatchObject({ phase: "staging", candidate: { version: "1.1.0" } });
    expect(github.state.deployments).not.toEqual([]);
  });

  it("prompt-advance rolls a harmful version back and opens one issue; prompt-rollback has nothing left to do", async () => {
    await repository.rollOut(0.4);
    const payload = { schedule: "7,22,37,52 * * * *", repository: { fork: false, default_branch: "main" } };
    const start = { workflow: file("advance"), event: "schedule", payload, commit: repository.main } as const;
    const looked = await runner.run(start);
    expect(looked).toMatchObject({ exitCode: 1, jobs: { advance: "failure" } });
    expect(looked.outputs["advance/1"]).toMatchObject({ verdict: "fail", "traffic-percent": "0" });
    expect(github.state.issues).toMatchObject([{ title: "greeter@1.1.0 was rolled back", state: "open" }]);
    const again = await runner.run(start);
    expect(again).toMatchObject({ exitCode: 0, jobs: { advance: "success" } });
    expect(github.state.issues).toHaveLength(1);
    const back = await order("rollback", { prompt: "greeter", version: "1.0.0", reason: "people complain" });
    expect(back).toMatchObject({ exitCode: 0, jobs: { rollback: "success" } });
  });
});
