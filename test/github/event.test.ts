import { describe, expect, it } from "vitest";
import { parseEvent } from "../../src/github/event.ts";

const sha = "a".repeat(40);
const pull = {
  repository: { full_name: "o/r" },
  pull_request: {
    number: 7,
    user: { login: "ada" },
    head: { sha, repo: { full_name: "o/r" } },
    base: { ref: "main" },
  },
};

describe("the event", () => {
  it.each(["pull_request", "pull_request_review"])("of %s names the pull request", (name) => {
    expect(parseEvent(name, pull)).toEqual({
      kind: "pull_request",
      pullRequest: {
        number: 7,
        author: "ada",
        headCommit: sha,
        baseBranch: "main",
        fork: false,
        closed: false,
      },
    });
  });

  it.each([
    ["another repository", { full_name: "eve/r" }],
    ["a repository that is gone", null],
  ])("knows a head in %s for a fork", (_, repo) => {
    const payload = { ...pull, pull_request: { ...pull.pull_request, head: { sha, repo } } };
    expect(parseEvent("pull_request", payload)).toMatchObject({ pullRequest: { fork: true } });
  });

  it.each([
    ["closed by the event", { ...pull, action: "closed" }],
    ["closed by its state", { ...pull, pull_request: { ...pull.pull_request, state: "closed" } }],
  ])("knows a pull request %s", (_, payload) => {
    expect(parseEvent("pull_request", payload)).toMatchObject({ pullRequest: { closed: true } });
  });

  it.each([
    ["merge_group", { merge_group: { base_sha: sha } }, { kind: "merge_group", baseCommit: sha }],
    ["push", { before: sha }, { kind: "push", before: sha, defaultBranch: null }],
    [
      "push",
      { before: "0".repeat(40), repository: { default_branch: "main" } },
      { kind: "push", before: null, defaultBranch: "main" },
    ],
    ["workflow_dispatch", {}, { kind: "manual" }],
    ["schedule", {}, { kind: "schedule" }],
  ])("%s is read", (name, payload, event) => {
    expect(parseEvent(name, payload)).toEqual(event);
  });

  it.each([
    ["pull_request", { pull_request: { head: { sha: "$(rm -rf /)" } } }],
    ["merge_group", { merge_group: { base_sha: "--upload-pack=x" } }],
    ["push", { before: "main" }],
    ["pull_request", null],
    ["pull_request_target", pull],
    ["issue_comment", {}],
    ["\u001b[2K::error::", {}],
  ])("%s with a payload that is none is refused in words", (name, payload) => {
    expect(() => parseEvent(name, payload)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
