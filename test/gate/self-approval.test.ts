import { describe, expect, it } from "vitest";
import { isAuthor } from "../../src/gate/self-approval.ts";

const ana = { name: "Ana Roe", email: "ana@example.com" };

describe("isAuthor", () => {
  it.each([
    "Ana Roe <ana@example.com>",
    "ana roe <someone@elsewhere.example>",
    "Somebody Else <ANA@Example.com>",
    "A. R. <ana+prompts@example.com>",
    "ana@example.com",
    "Ana  Roe",
    "ana",
    "Ａna Roe",
  ])("takes %s for Ana", (author) => {
    expect(isAuthor(ana, author)).toBe(true);
  });

  it.each([
    "Bea Lee <bea@example.com>",
    "bea@example.com",
    "Ana Maria Roe <amr@example.com>",
    "bea",
    "",
    "<>",
  ])("does not take %s for her", (author) => {
    expect(isAuthor(ana, author)).toBe(false);
  });
});
