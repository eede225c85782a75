import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loopbackGitHub, type LoopbackGitHub } from "../loopback/github.ts";
import { actionBundle, actionCheckout, type ActionCheckout } from "./action-checkout.ts";
import { git } from "./git-project.ts";

let github: LoopbackGitHub;
let checkout: ActionCheckout;
beforeAll(async () => {
  await actionBundle();
});
beforeEach(async () => {
  github = await loopbackGitHub();
  checkout = await actionCheckout(github, { cases: 40 });
});
afterEach(async () => {
  checkout.remove();
  await github.close();
});

function propose(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) checkout.project.write(file, text);
  checkout.commit("Propose");
  checkout.merge();
}

function head(): string {
  return git(checkout.folder, "rev-parse", "change");
}

function approve(login: string, commit: string) {
  return { user: { login, type: "User" }, state: "APPROVED", commit_id: commit };
}

const approval = (login: string, state = "approved") => ({
  state,
  user: { login, type: "User" },
  environments: [{ name: "prompt-review" }],
});

describe("sign-off of a change to the rules", () => {
  beforeEach(() => {
    checkout.project.write(
      "promptgate.yaml",
      `version: 1
models: { main: { provider: embedded, model: embedded-1 }, judge: { provider: embedded, model: embedded-1 } }
registry: { kind: file, path: .promptgate/registry }
prompts:
  greeter:
    file: prompts/greeter.prompt.yml
    dataset: golden-datasets/greeter.jsonl
    gates: { price: { level: warn } }
`,
    );
    checkout.commit("Loosen a gate");
    checkout.merge();
    github.state.commits = [{ author: { login: "author" } }];
    github.state.permissions = { ada: "write", author: "admin", eve: "read" };
  });

  it("waits, and says what is missing", async () => {
    const run = await checkout.run();
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "neutral", "sign-off-required": "true" } });
    expect(run.summary).toContain("1 more approval");
    expect(run.summary).toContain("greeter.gates.price");
  });

  it("is given by somebody who may write and is not the author", async () => {
    github.state.reviews = [approve("author", head()), approve("eve", head())];
    expect((await checkout.run()).outputs["verdict"]).toBe("neutral");
    github.state.reviews.push(approve("ada", head()));
    const run = await checkout.run();
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "pass", "sign-off-required": "false" } });
  });

  it("outlives a commit that changes nothing that decides, and no other", async () => {
    github.state.reviews = [approve("ada", head())];
    propose({ "docs/notes.md": "text" });
    expect((await checkout.run()).outputs["verdict"]).toBe("pass");
    propose({
      "golden-datasets/greeter.jsonl": `${JSON.stringify({ id: "only", vars: { query: "q", context: "c" } })}\n`,
    });
    const run = await checkout.run();
    expect(run.outputs["verdict"]).not.toBe("pass");
  });

  describe("by reviewers of an environment", () => {
    const byEnvironment = {
      inputs: { "sign-off": "environment", target: "prompt-review" },
      environment: { GITHUB_RUN_ID: "77", GITHUB_ACTOR: "starter" },
    };
    it("is given by one of them who neither wrote nor started it", async () => {
      github.state.environments = { "prompt-review": ["required_reviewers"] };
      github.state.approvals = [approval("author"), approval("starter")];
      expect((await checkout.run(byEnvironment)).outputs["verdict"]).toBe("neutral");
      github.state.approvals = [approval("starter"), approval("ada")];
      const run = await checkout.run(byEnvironment);
      expect(run.outputs).toMatchObject({ verdict: "pass", "sign-off-required": "false" });
      expect(run.summary).toContain("ada");
    });

    it.each([
      ["an environment that lets everybody in", { "prompt-review": ["wait_timer"] }, "no required reviewers"],
      ["an environment that is not there", {}, "cannot be read"],
    ])("waits behind %s", async (_, environments, words) => {
      github.state.environments = environments;
      github.state.approvals = [approval("ada")];
      const run = await checkout.run(byEnvironment);
      expect(run.outputs).toMatchObject({ verdict: "neutral", "sign-off-required": "true" });
      expect(run.summary.replaceAll("\\", "")).toContain(words);
    });

    it("is not given to other content than that of the run's commit", async () => {
      github.state.environments = { "prompt-review": ["required_reviewers"] };
      github.state.approvals = [approval("ada")];
      const environment = {
        ...byEnvironment.environment,
        GITHUB_SHA: git(checkout.folder, "rev-parse", "main"),
      };
      const run = await checkout.run({ ...byEnvironment, environment });
      expect(run.outputs).toMatchObject({ verdict: "neutral", "sign-off-required": "true" });
      expect(run.summary).toContain("other content is checked out");
    });

    it("needs the name of the environment", async () => {
      const run = await checkout.run({ inputs: { "sign-off": "environment" } });
      expect(run).toMatchObject({ exitCode: 2, outputs: { verdict: "error" } });
      expect(run.log).toContain("input target");
    });
  });
});
