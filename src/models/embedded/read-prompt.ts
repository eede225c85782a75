import type { Message } from "../../domain/prompt.ts";
import { isQuestion, sentencesOf } from "./words.ts";

/** The parts of a conversation: `context` and `question` are data, only `instructions` is obeyed. */
export interface PromptParts {
  readonly instructions: string;
  readonly context: string;
  readonly question: string;
}

const CONTEXT_WORDS =
  "context|documents?|sources?|knowledge(?: base)?|background|facts|article|passage|excerpts?|kontext|contexte|contexto|contesto";
const QUESTION_WORDS =
  "question|query|customer(?: message| question)?|user(?: message| question)?|request|message|frage|pregunta|pergunta|domanda";

function label(words: string): RegExp {
  return new RegExp(`^[ \\t]*(?:#{1,6}[ \\t]*|\\*\\*)?(?:${words})(?:\\*\\*)?[ \\t]*:(?:\\*\\*)?`, "gim");
}
const contextLabel = label(CONTEXT_WORDS);
const questionLabel = label(QUESTION_WORDS);
// In a system message "Sources: …" is more likely a rule than a document.
const systemContextLabel = label("context|kontext|contexte|contexto|contesto");

interface Span {
  readonly start: number;
  /** Where the section's text begins, after the label. */
  readonly body: number;
}

function spans(text: string, pattern: RegExp): Span[] {
  return Array.from(text.matchAll(pattern), (match) => ({
    start: match.index,
    body: match.index + match[0].length,
  }));
}

/** The text after the last blank line, for a question that stands unlabelled below its context. */
function splitLastParagraph(text: string): [rest: string, last: string] {
  const paragraphs = text.trim().split(/\n\s*\n/);
  const last = paragraphs.length > 1 ? (paragraphs.pop() ?? "") : "";
  return [paragraphs.join("\n\n"), last];
}

function readUserText(text: string): PromptParts {
  const context = spans(text, contextLabel)[0];
  const questions = spans(text, questionLabel);
  if (context === undefined) {
    const question = questions[0];
    if (question === undefined) return { instructions: "", context: "", question: text };
    return { instructions: text.slice(0, question.start), context: "", question: text.slice(question.body) };
  }
  // The last label counts: a document that contains "Question:" must not replace the question.
  const after = questions.findLast((span) => span.start > context.start);
  if (after !== undefined) {
    return {
      instructions: text.slice(0, context.start),
      context: text.slice(context.body, after.start),
      question: text.slice(after.body),
    };
  }
  const before = questions[0];
  if (before !== undefined) {
    return {
      instructions: text.slice(0, before.start),
      context: text.slice(context.body),
      question: text.slice(before.body, context.start),
    };
  }
  const [body, question] = splitLastParagraph(text.slice(context.body));
  return { instructions: text.slice(0, context.start), context: body, question };
}

function readSystemText(text: string): { readonly instructions: string; readonly context: string } {
  const context = spans(text, systemContextLabel)[0];
  if (context === undefined) return { instructions: text, context: "" };
  return { instructions: text.slice(0, context.start), context: text.slice(context.body) };
}

/**
 * Splits a conversation: system and developer messages instruct (up to a line `Context:`); the last user message holds
 * the sections `Context:` and `Question:`, whose text is data to the section's end, and what stands before the first
 * of them instructs too. Without labels the user's questions are the question and the rest of the message its context.
 * Earlier turns are not read.
 */
export function readPrompt(messages: readonly Message[]): PromptParts {
  const system = messages
    .filter(({ role }) => role === "system" || role === "developer")
    .map(({ content }) => readSystemText(content));
  const user = readUserText(messages.findLast(({ role }) => role === "user")?.content ?? "");
  const context = [...system.map((part) => part.context), user.context].join("\n").trim();
  const parts = {
    instructions: [...system.map((part) => part.instructions), user.instructions].join("\n").trim(),
    question: user.question.trim(),
  };
  if (context !== "") return { ...parts, context };
  const [asked, told] = splitQuestions(parts.question);
  return asked === "" ? { ...parts, context } : { ...parts, question: asked, context: told };
}

function splitQuestions(text: string): [asked: string, told: string] {
  const sentences = sentencesOf(text);
  return [
    sentences.filter(isQuestion).join(" "),
    sentences.filter((sentence) => !isQuestion(sentence)).join("\n"),
  ];
}
