import { describe, expect, it } from "vitest";
import {
  judgeSignOff,
  standingReviews,
  type Review,
  type SignOffQuestion,
} from "../../src/github/approvals.ts";

function review(login: string, state = "APPROVED", fields: Partial<Review> = {}): Review {
  return { user: { login, isBot: false }, state, commit: "c1", ...fields };
}

const question: SignOffQuestion = {
  required: 1,
  digest: "sha256:a",
  permissions: new Map([
    ["ada", "write"],
    ["bob", "admin"],
    ["eve", "other"],
  ]),
  digests: new Map([
    ["c1", "sha256:a"],
    ["c0", "sha256:old"],
    ["gone", null],
  ]),
};

function judge(reviews: readonly Review[], fields: Partial<SignOffQuestion> = {}) {
  return judgeSignOff(standingReviews(reviews, ["author", "Committer"]), { ...question, ...fields });
}

describe("a sign-off by review", () => {
  it.each([
    ["an approval by a writer", [review("ada")], "given"],
    ["nobody", [], "waiting"],
    ["a comment only", [review("ada", "COMMENTED")], "waiting"],
    ["an approval and a later comment", [review("ada"), review("ada", "COMMENTED")], "given"],
    ["an approval that was dismissed", [review("ada"), review("ada", "DISMISSED")], "waiting"],
    ["changes requested, then approved", [review("ada", "CHANGES_REQUESTED"), review("ada")], "given"],
    ["approved, then changes requested", [review("ada"), review("ada", "CHANGES_REQUESTED")], "waiting"],
    ["the author", [review("author")], "waiting"],
    ["the author in other letters", [review("AUTHOR")], "waiting"],
    ["who wrote a commit", [review("committer")], "waiting"],
    ["a bot", [review("ada", "APPROVED", { user: { login: "ada", isBot: true } })], "waiting"],
    ["an account that is gone", [review("ada", "APPROVED", { user: null })], "waiting"],
    ["somebody who may only read", [review("eve")], "waiting"],
    ["somebody unknown", [review("mallory")], "waiting"],
    ["an approval of other content", [review("ada", "APPROVED", { commit: "c0" })], "waiting"],
    ["an approval of a commit that is gone", [review("ada", "APPROVED", { commit: "gone" })], "waiting"],
    ["an approval of no commit", [review("ada", "APPROVED", { commit: null })], "waiting"],
    ["an objection of a writer", [review("ada"), review("bob", "CHANGES_REQUESTED")], "waiting"],
    ["an objection of a reader", [review("ada"), review("eve", "CHANGES_REQUESTED")], "given"],
  ])("with %s is %s", (_, reviews, kind) => {
    expect(judge(reviews).kind).toBe(kind);
  });

  it("counts people and not approvals", () => {
    expect(judge([review("ada"), review("Ada")], { required: 2 }).kind).toBe("waiting");
    expect(judge([review("ada"), review("bob")], { required: 2 })).toEqual({
      kind: "given",
      by: ["ada", "bob"],
    });
  });

  it("says what is missing and why what is there does not count", () => {
    const state = judge([
      review("ada", "APPROVED", { commit: "c0" }),
      review("eve"),
      review("bob", "CHANGES_REQUESTED"),
    ]);
    expect(state.kind === "waiting" ? state.missing : []).toEqual([
      "1 more approval by people who may write",
      "bob requests changes",
      "the approval of ada was for other content: approve again",
      "the approval of eve does not count: no write access",
    ]);
  });
});
