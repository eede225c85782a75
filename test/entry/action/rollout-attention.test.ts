import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RolloutState } from "../../../src/domain/rollout-state.ts";
import { attentionOf } from "../../../src/entry/action/rollout-attention.ts";
import { gitHubClient, type GitHubClient } from "../../../src/github/client.ts";
import { closeIssue, writeIssue } from "../../../src/github/rollout-issue.ts";
import { loopbackGitHub, type LoopbackGitHub } from "../../loopback/github.ts";
import { stateIn } from "../../rollout/a-look.ts";

const HOUR = 3_600_000;
const at = (time: number): string => new Date(time).toISOString();
const now = Date.parse("2026-11-20T12:00:00Z");

/** In a step whose soak was over so many hours ago, held for a reason that the last look found. */
function held(hours: number, until: number | null = null): RolloutState {
  const state = stateIn(1);
  const hold = {
    reason: "inconclusive(quality)",
    since: at(now),
    until: until === null ? null : at(until),
    by: "scheduler",
  };
  const soak = state.strategy.steps[1]?.minSoakMs ?? Number.NaN;
  return { ...state, hold, stepEnteredAt: at(now - hours * HOUR - soak) };
}

function ended(hours: number, message = "harm was measured"): RolloutState {
  const outcome = { reason: "harm(quality)", message, by: "scheduler" };
  return { ...stateIn(1), phase: "rolled-back", endedAt: at(now - hours * HOUR), outcome };
}

describe("attentionOf", () => {
  it.each([
    ["a short hold", held(23), /^$/],
    ["a long hold, whatever its reason was before", held(25), /is held/],
    ["the soak of a step", held(-1, now + HOUR), /^$/],
    ["a long hold that ends as planned", held(25, now + HOUR), /^$/],
    ["a hold that should long be over", held(50, now - 25 * HOUR), /is held/],
    ["no hold", { ...stateIn(1), hold: null }, /^$/],
    ["a rollback", ended(1), /was rolled back/],
    ["an old rollback", ended(8 * 24), /^$/],
  ])("takes %s for what it is", (_, state, title) => {
    expect(attentionOf(state, now, 24 * HOUR)?.title ?? "").toMatch(title);
  });

  it("says nothing that works as markup", () => {
    const body = attentionOf(ended(1, "@everyone <img src=x> [a](javascript:b) #12"), now, HOUR)?.body ?? "";
    expect(body.replace(/`[^`\n]*`/g, "")).not.toMatch(/@everyone|<img|\]\(|#12/);
  });
});

describe("the issue of a rollout", () => {
  let github: LoopbackGitHub;
  let client: GitHubClient;
  beforeEach(async () => {
    github = await loopbackGitHub();
    client = gitHubClient({
      apiUrl: github.url,
      token: "token",
      sleep: async () => undefined,
      now: () => now,
      signal: new AbortController().signal,
    });
  });
  afterEach(() => github.close());

  const issue = { repository: "o/r", rolloutId: "greeter.r1", title: "held", body: "text" };

  it("is opened once, changed in place, opened again for news, and closed", async () => {
    expect(await writeIssue(client, issue)).toMatchObject({ kind: "written" });
    expect(await writeIssue(client, issue)).toMatchObject({ kind: "unchanged" });
    expect(await writeIssue(client, { ...issue, body: "more" })).toMatchObject({ kind: "written" });
    expect(await writeIssue(client, { ...issue, rolloutId: "greeter.r2" })).toMatchObject({
      kind: "written",
    });
    expect(await closeIssue(client, issue)).toMatchObject({ kind: "written" });
    expect(await closeIssue(client, issue)).toMatchObject({ kind: "unchanged" });
    expect(github.state.issues.map(({ state, body }) => [state, body.split("\n")[1]])).toEqual([
      ["closed", "more"],
      ["open", "text"],
    ]);
    expect(await writeIssue(client, { ...issue, title: "rolled back" })).toMatchObject({ kind: "written" });
    expect(github.state.issues[0]).toMatchObject({ state: "open", title: "rolled back" });
  });

  it("is not one that somebody else has planted", async () => {
    const user = { login: "somebody", type: "User" };
    const planted = { number: 3, title: "x", state: "open", user };
    github.state.issues.push({ ...planted, body: "<!-- promptgate:rollout greeter.r1 -->\nx" });
    await writeIssue(client, issue);
    expect(github.state.issues).toHaveLength(2);
    expect(github.state.issues[0]?.title).toBe("x");
  });

  it.each([
    [403, /issues: write/],
    [410, /switched off/],
    [422, /422/],
  ])("is a sentence where GitHub answers %i", async (status, expected) => {
    github.state.refuseTrail = status;
    expect(await writeIssue(client, issue)).toMatchObject({
      kind: "failed",
      reason: expect.stringMatching(expected),
    });
  });
});
