import type { ModelRequest } from "../../domain/model.ts";
import { readInstructions, STOCK, type Instructions } from "./instructions.ts";
import { readPrompt } from "./read-prompt.ts";
import { renderKeys, renderSchema, type Answer } from "./render-json.ts";
import { questionTerms, selectSentences, type Selection } from "./select-sentences.ts";
import { stockSentences, type StockSentences } from "./stock-sentences.ts";
import { languageOf } from "./stopwords.ts";
import { wordsOf } from "./words.ts";

/** Share of the question's weight that the context must cover for an answer to count as found. */
export const ANSWERABLE = 0.4;
const DEFAULT_SENTENCES = 3;

function cutWords(text: string, limit: number): string {
  const words = text.split(/\s+/);
  return words.length <= limit ? text : words.slice(0, limit).join(" ");
}

/** Whole sentences as long as they fit; the first one is cut when even it does not. */
function fitWords(sentences: readonly string[], limit: number): string[] {
  const kept: string[] = [];
  let left = limit;
  for (const sentence of sentences) {
    const count = sentence.split(/\s+/).length;
    if (kept.length > 0 && count > left) break;
    kept.push(cutWords(sentence, left));
    left -= count;
  }
  return kept;
}

function stateSentences({ sentences }: Selection, instructions: Instructions): string[] {
  const texts = sentences.map(({ text }) => text);
  const fitting = instructions.maxWords === null ? texts : fitWords(texts, instructions.maxWords);
  return fitting.map((text, index) =>
    instructions.cite ? `${text} [${(sentences[index]?.index ?? 0) + 1}]` : text,
  );
}

interface Manner {
  readonly instructions: Instructions;
  readonly stock: StockSentences;
}

function refuse(text: string): Answer {
  return { text, sources: [], refused: true, confidence: 0 };
}

function decideAnswer(context: string, question: string, { instructions, stock }: Manner): Answer {
  const terms = questionTerms(question);
  const escalation = instructions.escalations.find(({ topics }) => topics.some((topic) => terms.has(topic)));
  if (escalation !== undefined) return refuse(escalation.sentence ?? stock.handover);

  const selection = selectSentences(context, terms, instructions.maxSentences ?? DEFAULT_SENTENCES);
  const found = selection.covered >= ANSWERABLE;
  if (!found && instructions.groundedOnly) {
    return refuse(instructions.refusal ?? (instructions.refuseByHandover ? stock.handover : stock.refusal));
  }
  const stated = stateSentences(selection, instructions);
  // Nobody told it to stay with the context: like a talkative model it fills the gap with a claim of its own.
  const padded = found ? stated : [...stated.slice(0, 1), stock.unsupported];
  return {
    text: padded.join(" "),
    sources: selection.sentences.slice(0, stated.length).map(({ index }) => index + 1),
    refused: false,
    confidence: Math.round(selection.covered * 100) / 100,
  };
}

function say(wording: string | null, own: string): string | null {
  return wording === STOCK ? own : wording;
}

function addTone(text: string, instructions: Instructions, stock: StockSentences): string {
  return [
    say(instructions.greeting, stock.greeting),
    say(instructions.apology, stock.apology),
    text,
    say(instructions.closing, stock.closing),
  ]
    .filter((part) => part !== null && part !== "")
    .join(" ");
}

/** Answers a conversation from its context in the manner that its instructions ask for; see `Instructions`. */
export function answerQuestion(
  request: Pick<ModelRequest, "messages" | "responseFormat" | "jsonSchema">,
): string {
  const { instructions: text, context, question } = readPrompt(request.messages);
  const instructions = readInstructions(text);
  const language = instructions.questionLanguage ? languageOf(question, wordsOf(question)) : "en";
  const stock = stockSentences[language];
  const plain = decideAnswer(context, question, { instructions, stock });
  const answer = { ...plain, text: addTone(plain.text, instructions, stock) };
  if (request.responseFormat === "json_schema" && request.jsonSchema !== undefined) {
    return renderSchema(request.jsonSchema, answer);
  }
  if (instructions.jsonKeys !== null) return renderKeys(instructions.jsonKeys, answer);
  return request.responseFormat === "json_object" ? renderKeys(["answer"], answer) : answer.text;
}
