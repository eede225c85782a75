import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loopbackGitHub, type LoopbackGitHub } from "../../loopback/github.ts";
import { actionBundle, type ActionCheckout } from "../action-checkout.ts";
import { branchRepository, type BranchRepository } from "./branch-repository.ts";

let github: LoopbackGitHub;
let repository: BranchRepository;
beforeAll(async () => {
  await actionBundle();
});
beforeEach(async () => {
  github = await loopbackGitHub();
  repository = await branchRepository(github);
});
afterEach(async () => {
  repository.remove();
  await github.close();
});

async function advance(inputs: Readonly<Record<string, string>> = {}): ReturnType<ActionCheckout["run"]> {
  repository.merge();
  return repository.run({
    event: "schedule",
    payload: { schedule: "7 * * * *" },
    inputs: { command: "advance", ...inputs },
    environment: { GITHUB_RUN_ID: "77", GITHUB_ACTOR: "starter" },
  });
}

describe("the action's scheduled advance", { timeout: 180_000 }, () => {
  it("rolls a harmful version back and opens one issue, which a repeated run leaves alone", async () => {
    await repository.rollOut(0.4);
    const run = await advance();
    expect(run).toMatchObject({
      exitCode: 1,
      outputs: { verdict: "fail", stage: "canary5", "traffic-percent": "0" },
    });
    expect(github.state.issues).toMatchObject([{ title: "greeter@1.1.0 was rolled back", state: "open" }]);
    const [issue] = github.state.issues;
    expect(issue?.body).toMatch(/^<!-- promptgate:rollout [\w.-]+ -->\n/);
    expect(issue?.body).toContain("Everybody has `1.0.0`");
    expect(issue?.body).toContain("quality");
    expect(github.state.deployments).toMatchObject([
      { request: { environment: "prompt-greeter" }, statuses: [{ state: "failure" }] },
    ]);
    expect(await repository.state()).toMatchObject({ phase: "rolled-back" });
    const before = issue?.body;
    const again = await advance();
    expect(again).toMatchObject({ exitCode: 0, outputs: { verdict: "pass" } });
    expect(github.state.issues).toHaveLength(1);
    expect(github.state.issues[0]?.body).toBe(before);
    expect(github.state.deployments).toHaveLength(1);
  });

  it("rolls back first: an issue that GitHub refuses is a warning", async () => {
    await repository.rollOut(0.4);
    github.state.refuseTrail = 403;
    const run = await advance();
    expect(run).toMatchObject({ exitCode: 1, outputs: { verdict: "fail" } });
    expect(run.log).toContain("issues: write");
    expect(await repository.state()).toMatchObject({ phase: "rolled-back" });
    // The next run tells what this one could not.
    github.state.refuseTrail = null;
    await advance();
    expect(github.state.issues).toHaveLength(1);
  });

  it("opens an issue for what is held too long, and not before", async () => {
    await repository.rollOut(null);
    // The soak of two hours is over for two more.
    const early = await advance();
    expect(early).toMatchObject({ exitCode: 0, outputs: { verdict: "pass", stage: "staging" } });
    expect(github.state.issues).toEqual([]);
    await advance({ "hold-hours": "1" });
    expect(github.state.issues).toMatchObject([{ title: "greeter@1.1.0 is held", state: "open" }]);
    await advance({ "hold-hours": "1" });
    expect(github.state.issues).toHaveLength(1);
  });
});
