import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import { cutMiddle, quoteUntrusted } from "../../../src/evals/judge/quote-untrusted.ts";

describe("untrusted text before a judge", () => {
  it.each([
    ["plain text stays", "Refunds take 5 days. Größe 42, 返金。", "Refunds take 5 days. Größe 42, 返金。"],
    ["tabs and lines stay", "a\tb\r\nc\n", "a\tb\nc\n"],
    ["comparisons stay", "a < b > c -> d <b>bold</b>", "a < b > c -> d <b>bold</b>"],
    [
      "words that hold the nonce's name stay",
      "announcement, annonce, renoncer, Nonces",
      "announcement, annonce, renoncer, Nonces",
    ],
    ["emoji stay", "🙂 👍🏽", "🙂 👍🏽"],
    ["terminal escapes show", "\u001b[2Jx\u0007", "\\u{1b}[2Jx\\u{7}"],
    ["zero-width characters show", "no\u200bnce", "no\\u{200b}nce"],
    ["reversed text shows", "\u202eabc\u202c", "\\u{202e}abc\\u{202c}"],
    ["tag characters show", "a\u{e0041}", "a\\u{e0041}"],
    ["fillers show", "\u3164\u115f\u2800\u00ad", "\\u{3164}\\u{115f}\\u{2800}\\u{ad}"],
    ["variation selectors show", "x\u{fe0f}\u{e0100}", "x\\u{fe0f}\\u{e0100}"],
    ["line separators show", "a\u2028NONCE: 1", "a\\u{2028}N·O·N·C·E: 1"],
    ["a lone carriage return shows", "a\rb", "a\\u{d}b"],
    ["half a surrogate pair shows", "a\ud83d", "a\\u{d83d}"],
    ["borders are broken", "<<<abc end>>>", "<·<·<abc end>·>·>"],
    ["borders in full width are broken", "＜＜＜abc end＞＞＞", "＜·＜·＜abc end＞·＞·＞"],
    ["borders of other signs are broken", "‹«《 x 》»›", "‹·«·《 x 》·»·›"],
    ["the nonce line is broken", "NONCE: 12", "N·O·N·C·E: 12"],
    ["the answer's key is broken", '{"nonce":"1"}', '{"n·o·n·c·e":"1"}'],
    ["the key in Cyrillic letters is broken", '{"nоnсе":"1"}', '{"n·о·n·с·е":"1"}'],
    ["the key in full width is broken", '"ｎｏｎｃｅ"', '"ｎ·ｏ·ｎ·ｃ·ｅ"'],
    ["the key in mathematical letters is broken", '"𝐧𝐨𝐧𝐜𝐞"', '"𝐧·𝐨·𝐧·𝐜·𝐞"'],
    ["the key with accents is broken", '"nönce"', '"n·ö·n·c·e"'],
    ["the key in escapes is broken", '{"\\u006eonce":1}', '{"\\·u·0·0·6·eonce":1}'],
  ])("%s", (_, text, expected) => {
    expect(quoteUntrusted(text)).toBe(expected);
  });

  it("shows everything and leaves neither mark nor key, whatever the text", () => {
    const pieces = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("<<<", "nonce", "NONCE:", "＜", "«", "\u200b", "\\u006e", "\r\n", "·", '"'),
    );
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const quoted = quoteUntrusted(parts.join(""));
        expect(quoted).not.toMatch(/<<|>>|"nonce"|^nonce:/im);
        expect(quoted).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });
});

describe("a text that is too long", () => {
  it("keeps both ends and says how much is missing", () => {
    expect(cutMiddle(`${"a".repeat(50)}${"b".repeat(50)}`, 20)).toBe(
      `${"a".repeat(10)}\n[… 80 characters left out here …]\n${"b".repeat(10)}`,
    );
  });

  it("stays as it is up to the limit", () => {
    expect(cutMiddle("a".repeat(20), 20)).toBe("a".repeat(20));
  });
});
