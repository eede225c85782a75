import { readFileSync } from "node:fs";

const pages = Object.values(JSON.parse(readFileSync(new URL("help-pages.json", import.meta.url), "utf8")));

function wordsOf(text) {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}-]{3,}/gu) ?? []);
}

const indexed = pages.map((text) => ({ text, words: wordsOf(text) }));

/** The page that has most words of the question. A real service would search better; the rollout does not mind. */
export function findPage(question) {
  const asked = [...wordsOf(question)];
  const counted = indexed.map(({ text, words }) => ({
    text,
    hits: asked.filter((word) => words.has(word)).length,
  }));
  return counted.reduce((best, page) => (page.hits > best.hits ? page : best)).text;
}
