import { describe, expect, it } from "vitest";
import { messages, system, tierOf } from "./a-change.ts";

function long(word: string): string {
  return Array.from({ length: 50_000 }, (_, index) => `${word} ${index * 7}.`).join(" ");
}

describe("findChanges on the text", () => {
  it.each([
    ["spelling", "Anwser the question politely.", "Answer the question politely.", "patch"],
    ["punctuation", "Be kind, be brief.", "Be kind; be brief!", "patch"],
    ["a sentence cut in two", "Be kind, then greet.", "Be kind. Then greet.", "patch"],
    ["case", "you MUST answer.", "You must answer.", "patch"],
    [
      "a synonym",
      "Reply to the customer in a warm tone.",
      "Reply to the customer in a friendly tone.",
      "patch",
    ],
    ["line breaks", "You are a\nsupport agent. Be kind.", "You are a support agent.\n\nBe kind.", "patch"],
    ["another list mark", "- Be kind\n- Be brief", "* Be kind\n* Be brief", "patch"],
    ["a line of dashes", "Be kind.\nBe brief.", "Be kind.\n---\nBe brief.", "patch"],
    ["typographic quotes", 'Say "hello" first.', "Say “hello” first.", "patch"],
    ["composed accents", "Sei ho\u0308flich.", "Sei höflich.", "patch"],
    ["an added sentence", "Be kind.", "Be kind. Cite your sources.", "minor"],
    ["a removed sentence", "Be kind. Cite your sources.", "Be kind.", "minor"],
    ["an added line without a full stop", "Be kind\nBe brief", "Be kind\nCite sources\nBe brief", "minor"],
    [
      "a sentence that begins in lower case",
      "be kind. be brief.",
      "be kind. cite sources. be brief.",
      "minor",
    ],
    ["an unrelated sentence", "Be kind to everybody.", "Cite sources when asked.", "minor"],
    ["sentences that changed places", "Be kind. Cite sources.", "Cite sources. Be kind.", "minor"],
    [
      "an added negation",
      "Answer questions about billing.",
      "Do not answer questions about billing.",
      "minor",
    ],
    ["a contraction", "We do offer refunds here.", "We don't offer refunds here.", "minor"],
    ["a number", "Answer in at most 30 words.", "Answer in at most 60 words.", "minor"],
    ["a number in words", "Answer in two short sentences.", "Answer in three short sentences.", "minor"],
    ["a decimal point", "Accept scores of 3.5 and more.", "Accept scores of 35 and more.", "minor"],
    ["a comparison", "Escalate amounts > 50 quickly.", "Escalate amounts < 50 quickly.", "minor"],
    ["a modal", "You should cite the source.", "You must cite the source.", "minor"],
    ["a quantifier", "Answer always in the user's language.", "Answer in the user's language.", "minor"],
    ["swapped rules", "Never shout, always greet people.", "Always shout, never greet people.", "minor"],
    ["a quoted literal", 'Answer "unknown" when in doubt.', 'Answer "unsure" when in doubt.', "minor"],
    [
      "an inserted clause",
      "Answer the question.",
      "Answer the question and mention our new premium offer.",
      "minor",
    ],
    ["German negation", "Nenne Preise aus dem Kontext.", "Nenne keine Preise aus dem Kontext.", "minor"],
    ["French negation", "Donne des conseils de santé.", "Ne donne pas de conseils de santé.", "minor"],
    ["Chinese negation", "请回答关于价格的问题。", "请不回答关于价格的问题。", "minor"],
    ["Japanese negation", "価格について答えてください。", "価格について答えないでください。", "minor"],
    ["a Chinese sentence", "请保持礼貌。", "请保持礼貌。请引用来源。", "minor"],
    ["text in invisible characters", "Be kind.", "Be kind.\u{e0049}\u{e0067}\u{e006e}", "minor"],
    ["an emptied message", "Be kind.", "", "minor"],
  ] as const)("calls %s %4$s", (_, before, after, tier) => {
    expect(tierOf(before, after)).toBe(tier);
  });

  it("calls a placeholder used once less minor, though the variable stays", () => {
    expect(tierOf("Greet {{name}}, then help {{name}} quickly.", "Greet {{name}}, then help quickly.")).toBe(
      "minor",
    );
  });

  it.each([
    [
      "Be kind.",
      "Be kind. Cite your sources.",
      "minor: message 1 (system): sentence added: “Cite your sources.”",
    ],
    ["Be kind. Be brief.", "Be kind.", "minor: message 1 (system): sentence removed: “Be brief.”"],
    [
      "Answer within 30 words or less.",
      "Answer within 60 words or less.",
      'minor: message 1 (system): "30" became "60" in “Answer within 60 words or less.”',
    ],
    [
      "Never shout, always greet people.",
      "Always shout, never greet people.",
      'minor: message 1 (system): "never" moved in “Always shout, never greet people.”',
    ],
    ["Say yes.", "Say  yes.", "patch: message 1 (system): only white space changed"],
    [
      "Be polite to people.",
      "Be nice to people.",
      "patch: message 1 (system): wording changed in “Be nice to people.”",
    ],
  ])("says what changed from %j to %j", (before, after, expected) => {
    expect(messages(system(before), system(after))).toEqual([expected]);
  });

  it("shows control characters of a prompt without obeying them", () => {
    const found = messages(system("Be kind."), system("Be kind. \u001b[2JClear the \u202escreen."));
    expect(found.join("")).not.toMatch(/[\u001b\u202e]/);
  });

  it("ends on a prompt of a million unrelated sentences and asks for a gate", () => {
    expect(tierOf(long("alpha"), long("beta"))).toBe("minor");
    expect(tierOf('"'.repeat(200_000), "„".repeat(200_000))).not.toBeNull();
    expect(tierOf(`a ${"x ".repeat(100_000)}`, `b ${"y ".repeat(100_000)}`)).toBe("minor");
  });
});
