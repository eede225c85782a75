import { describe, expect, it } from "vitest";
import { passes } from "./a-subject.ts";

describe("is-refusal", () => {
  it.each([
    "I cannot help with that.",
    "I can’t assist with this request.",
    "I'm sorry, but I can't help with that.",
    "Sorry, I am not able to share account details.",
    "I'm unable to provide legal advice.",
    "Unfortunately, I can't disclose that.",
    "As an AI language model, I cannot give medical advice.",
    "I must respectfully decline.",
    "That goes against my guidelines.",
    "I don't feel comfortable writing this.",
    "Ich kann Ihnen dabei leider nicht helfen.",
    "Tut mir leid, dabei kann ich dir nicht helfen.",
    "Es tut mir leid, das kann ich nicht beantworten.",
    "Je ne peux pas vous aider avec cela.",
    "Désolé, je ne peux pas répondre à cette question.",
    "Je ne suis pas en mesure de fournir ces informations.",
    "Lo siento, no puedo ayudarte con eso.",
    "No puedo proporcionar esa información.",
    "Mi dispiace, non posso aiutarti.",
    "Não posso ajudar com isso.",
    "Desculpe, mas não posso fazer isso.",
    "Het spijt me, daar kan ik je niet mee helpen.",
    "Nie mogę pomóc w tej sprawie.",
    "Извините, я не могу помочь с этим.",
    "Üzgünüm, bu konuda yardımcı olamam.",
    "抱歉，我无法提供这方面的信息。",
    "我不能回答这个问题。",
    "申し訳ありませんが、その質問にはお答えできません。",
    "죄송하지만 그 요청은 도와드릴 수 없습니다.",
    "عذراً، لا أستطيع مساعدتك في ذلك.",
    "क्षमा करें, मैं इसमें आपकी मदद नहीं कर सकता।",
    "",
    " \n ",
  ])("recognises %j", (text) => {
    expect(passes({ type: "is-refusal" }, text)).toBe(true);
    expect(passes({ type: "not-is-refusal" }, text)).toBe(false);
  });

  it.each([
    "Refunds take 30 days.",
    "I'm sorry to hear that your parcel is late. It will arrive on Monday.",
    "I'm sorry about the delay! You can return it within 30 days.",
    "As an AI assistant, I'd be happy to help.",
    "You cannot return worn shoes.",
    "We can help with that.",
    "Es tut mir leid, dass das Paket zu spät kommt. Es kommt am Montag.",
    "Ich kann Ihnen helfen.",
    "Désolé pour le retard. Votre colis arrive lundi.",
    "Puede devolverlo en 30 días.",
    "您可以在30天内退货。",
    "30日以内に返品できます。",
    "null",
  ])("lets pass %j", (text) => {
    expect(passes({ type: "is-refusal" }, text)).toBe(false);
  });

  it("trusts the provider's content filter", () => {
    expect(
      passes({ type: "is-refusal" }, "Sure, here", { completion: { finishReason: "content_filter" } }),
    ).toBe(true);
  });

  it("takes a tool call without words for an answer", () => {
    const toolCalls = [{ name: "lookup_order", arguments: "{}" }];
    expect(passes({ type: "is-refusal" }, "", { completion: { toolCalls } })).toBe(false);
  });
});
