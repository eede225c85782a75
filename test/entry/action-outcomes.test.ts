import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { aPrompt } from "../e2e/project.ts";
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

const same = aPrompt("1.0.1", "Answer only from the given context.");

function propose(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) checkout.project.write(file, text);
  checkout.commit("Propose");
  checkout.merge();
}

function pull(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    action: "synchronize",
    repository: { full_name: "o/r" },
    pull_request: {
      number: 7,
      user: { login: "author" },
      head: { sha: head(), repo: { full_name: "o/r" } },
      base: { ref: "main" },
      ...fields,
    },
  };
}

function head(): string {
  return git(checkout.folder, "rev-parse", "change");
}

/** The event of a pull request whose repository is gone. */
function fork(): Record<string, unknown> {
  return pull({ head: { sha: head(), repo: null } });
}

describe("what the action says when something is odd", () => {
  it("needs no words for a draft, and gates it like any other", async () => {
    propose({ "prompts/greeter.prompt.yml": same });
    const run = await checkout.run({ payload: pull({ draft: true }) });
    expect(run.outputs["changed"]).toBe("true");
  });

  it("has nothing to gate in a pull request that is closed", async () => {
    propose({ "prompts/greeter.prompt.yml": same });
    const run = await checkout.run({ payload: pull({ state: "closed" }) });
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "neutral", changed: "" } });
  });

  it.each([
    ["an unknown command", { inputs: { command: "explode" } }, "USAGE", 'got "explode"'],
    [
      "several wrong inputs at once",
      { inputs: { comment: "x", force: "maybe" } },
      "USAGE",
      "force: expected true",
    ],
    [
      "an input that is too long",
      { inputs: { needs: "x".repeat(121_000) } },
      "USAGE",
      "at most 120000 characters",
    ],
    ["an event without an answer", { event: "release" }, "USAGE", "no answer to the event release"],
    ["pull_request_target", { event: "pull_request_target" }, "USAGE", "with all secrets"],
    ["a payload of another shape", { payload: { pull_request: {} } }, "USAGE", "has no usable"],
    [
      "an empty payload",
      { environment: { GITHUB_EVENT_PATH: "/dev/null" } },
      "USAGE",
      "cannot be read as JSON",
    ],
    ["no payload", { environment: { GITHUB_EVENT_PATH: "/nowhere" } }, "USAGE", "cannot be read as JSON"],
    ["a base that is not there", { inputs: { "base-ref": "nope" } }, "USAGE", 'no revision "nope"'],
    ["a config that is not there", { inputs: { config: "nope.yaml" } }, "CONFIG_INVALID", "no such file"],
    [
      "a folder outside",
      { inputs: { "working-directory": "../.." } },
      "USAGE",
      "the workspace has no folder",
    ],
  ])("explains %s", async (_, options, code, words) => {
    propose({ "prompts/greeter.prompt.yml": same });
    const run = await checkout.run(options);
    expect(run).toMatchObject({ exitCode: 2, outputs: { verdict: "error" } });
    expect(run.log).toContain(`error ${code}: `);
    expect(run.log.replaceAll("\\", "")).toContain(words);
    expect(run.log).toMatch(/^::error .*title=promptgate%3A error/m);
    expect(run.summary).toContain("> [!CAUTION]");
  });

  it("does not judge a change by its own rules when the base cannot be fetched", async () => {
    propose({ "prompts/greeter.prompt.yml": same });
    git(checkout.workspace, "remote", "set-url", "origin", "file:///nowhere.git");
    const run = await checkout.run();
    expect(run).toMatchObject({ exitCode: 4, outputs: { verdict: "error" } });
    expect(run.log).toContain("fetch-depth: 2");
  });

  it("takes no commit of the author's for the base", async () => {
    propose({ "prompts/greeter.prompt.yml": same });
    // A merge of the author's own, checked out by `ref`, whose first parent is whatever the author likes.
    const run = await checkout.run({ environment: { GITHUB_SHA: "0".repeat(40) } });
    expect(run.outputs["verdict"]).not.toBe("error");
    expect(run.summary).toContain(git(checkout.workspace, "rev-parse", "FETCH_HEAD").slice(0, 12));
  });

  it("says that a first config brings its own rules", async () => {
    git(checkout.folder, "checkout", "-q", "main");
    git(checkout.folder, "rm", "-q", "--cached", "promptgate.yaml");
    git(checkout.folder, "commit", "-q", "-m", "No config yet");
    git(checkout.folder, "push", "-q", "-f", checkout.server, "main");
    git(checkout.folder, "checkout", "-q", "-B", "change");
    propose({ "promptgate.yaml": readFileSync(join(checkout.folder, "promptgate.yaml"), "utf8") });
    const run = await checkout.run();
    expect(run.outputs).toMatchObject({ changed: "true", "changed-prompts": '["greeter"]' });
    expect(run.summary).toContain("has no promptgate config");
  });

  it("says that a prompt was removed and waits for a sign-off", async () => {
    const config = `version: 1
models: { main: { provider: embedded, model: embedded-1 } }
prompts:
  other: { file: prompts/other.prompt.yml, dataset: golden-datasets/greeter.jsonl }
`;
    propose({ "promptgate.yaml": config, "prompts/other.prompt.yml": same.replace("greeter", "other") });
    const run = await checkout.run();
    expect(run.summary).toContain("greeter: removed");
    expect(run.outputs).toMatchObject({ "sign-off-required": "true", bump: "major" });
    expect(run.outputs["verdict"]).not.toBe("pass");
  });

  it("finds one changed prompt among 400 changed files", async () => {
    const files = Array.from({ length: 400 }, (_, index) => [`docs/${index}.md`, "text"] as const);
    propose({ ...Object.fromEntries(files), "prompts/greeter.prompt.yml": same });
    const run = await checkout.run();
    expect(run.outputs["changed-prompts"]).toBe('["greeter"]');
  });

  it("gates a merge group and a push against what was there before", async () => {
    propose({ "prompts/greeter.prompt.yml": same });
    const base = git(checkout.folder, "rev-parse", "main");
    const group = await checkout.run({ event: "merge_group", payload: { merge_group: { base_sha: base } } });
    expect(group.outputs["changed"]).toBe("true");
    const push = await checkout.run({ event: "push", payload: { before: base } });
    expect(push.outputs["changed"]).toBe("true");
    expect(github.requests).toEqual([]);
  });

  it("gates everything, and says so, when a push leaves nothing to compare with", async () => {
    propose({ "README.md": "text" });
    const run = await checkout.run({ event: "push", payload: { before: "0".repeat(40) } });
    expect(run.outputs["changed-prompts"]).toBe('["greeter"]');
    expect(run.summary).toContain("no base revision");
  });
});

describe("a change without secrets", () => {
  const remote = `version: 1
models: { main: { provider: openai, model: m, apiKey: "\${MODEL_KEY}" } }
prompts:
  greeter: { file: prompts/greeter.prompt.yml, dataset: golden-datasets/greeter.jsonl }
`;
  beforeEach(() => {
    git(checkout.folder, "checkout", "-q", "main");
    checkout.project.write("promptgate.yaml", remote);
    checkout.commit("A real model");
    git(checkout.folder, "push", "-q", checkout.server, "main");
    git(checkout.folder, "checkout", "-q", "change");
    git(checkout.folder, "merge", "-q", "main");
  });

  it("is an error of the workflow inside the repository", async () => {
    propose({ "prompts/greeter.prompt.yml": same });
    const run = await checkout.run();
    expect(run).toMatchObject({ exitCode: 4, outputs: { verdict: "error" } });
    expect(run.log).toContain("hands in no MODEL_KEY");
  });

  it("is not decided when it comes from a fork, and never a pass", async () => {
    propose({ "prompts/greeter.prompt.yml": same });
    const run = await checkout.run({ payload: fork() });
    expect(run).toMatchObject({ exitCode: 3, outputs: { verdict: "inconclusive", changed: "true" } });
    expect(run.summary).toContain("maintainer's run");
  });

  it("is neutral where the workflow wants it so", async () => {
    propose({ "prompts/greeter.prompt.yml": same });
    const run = await checkout.run({ payload: fork(), inputs: { "on-missing-secrets": "neutral" } });
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "neutral" } });
  });

  it("fails when a check of the prompt itself fails", async () => {
    propose({ "prompts/greeter.prompt.yml": same.replaceAll("{{query}}", "{{no_such_variable}}") });
    const run = await checkout.run({ payload: fork() });
    expect(["fail", "error"]).toContain(run.outputs["verdict"]);
  });

  it("stays under the rules of the base when it drops what they need", async () => {
    const local = remote.replace(
      /^models: .*$/m,
      "models: { main: { provider: embedded, model: embedded-1 } }",
    );
    propose({
      "promptgate.yaml": local,
      "prompts/greeter.prompt.yml": same,
    });
    const run = await checkout.run({ payload: fork() });
    expect(run).toMatchObject({ exitCode: 3, outputs: { verdict: "inconclusive" } });
    expect(run.summary).not.toContain("those of the change itself");
  });

  it("passes without a key when no prompt changed", async () => {
    propose({ "README.md": "text" });
    const run = await checkout.run({ payload: fork() });
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "pass", changed: "false" } });
  });
});
