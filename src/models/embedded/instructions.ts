import { sentencesOf, termsOf } from "./words.ts";

/** Questions to hand to a person. */
interface Escalation {
  /** Stems of the topics' heads: "billing disputes" is about disputes, what stands before only narrows it down. */
  readonly topics: readonly string[];
  /** What to say, in the prompt's words; null = the stock sentence. */
  readonly sentence: string | null;
}

/** The kinds of instruction that the embedded model obeys; everything else in a prompt has no effect on it. */
export interface Instructions {
  /** Answer from the context alone, else refuse. */
  readonly groundedOnly: boolean;
  /** What to say when the context does not answer; null = a stock sentence. */
  readonly refusal: string | null;
  /** Refuse by handing over to a person. */
  readonly refuseByHandover: boolean;
  readonly escalations: readonly Escalation[];
  readonly maxWords: number | null;
  readonly maxSentences: number | null;
  readonly cite: boolean;
  /** Keys of the JSON object to answer with; null = plain text. */
  readonly jsonKeys: readonly string[] | null;
  /** Stock sentences in the question's language instead of English. */
  readonly questionLanguage: boolean;
  /** `STOCK` = the model's own words; null = none. */
  readonly greeting: string | null;
  readonly closing: string | null;
  readonly apology: string | null;
}

/** Stands for the model's own wording where a prompt asks for a greeting, closing or apology without quoting one (no quotation is empty). */
export const STOCK = "";

/** One clause of the instructions: lower case with quotations taken out. */
interface Clause {
  readonly text: string;
  readonly quotes: readonly string[];
}

type Rule = (clause: Clause) => Partial<Instructions>;

const QUOTATION =
  /"([^"\n]{1,500})"|“([^”\n]{1,500})”|„([^“”\n]{1,500})[“”]|«([^»\n]{1,500})»|`([^`\n]{1,500})`|(?<=[\s:(])'((?:[^'\n]|(?<=\p{L})'(?=\p{L})){1,500})'(?!\p{L})/gu;

// Some patterns look ahead over the whole clause: a longer one is no instruction.
const CLAUSE_CHARACTERS = 1_000;

function readClauses(instructions: string): Clause[] {
  const quotes: string[] = [];
  const masked = instructions.replace(QUOTATION, (...found) => {
    const quote = found.slice(1, 7).find((group): group is string => typeof group === "string") ?? "";
    quotes.push(quote);
    return ` \u2063${quotes.length - 1}\u2063${/[.!?]$/.test(quote) ? "\u2064" : ""} `;
  });
  // A full stop inside the quotation ends the clause when a new sentence follows it.
  return sentencesOf(masked.replace(/\u2064(?=\s+\p{Lu})/gu, "."))
    .flatMap((sentence) => sentence.split(/;\s+/))
    .map((clause) => ({
      text: clause
        .slice(0, CLAUSE_CHARACTERS)
        .replace(/\u2063\d+\u2063/g, '""')
        .replaceAll("’", "'")
        .toLowerCase(),
      quotes: Array.from(clause.matchAll(/\u2063(\d+)\u2063/g), (match) => quotes[Number(match[1])] ?? ""),
    }));
}

const NOT = String.raw`\b(?:do not|don't|never|avoid|without|no need to|not)\b`;
const NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

function asks(text: string, keyword: string): boolean {
  return new RegExp(keyword).test(text) && !new RegExp(`${NOT}[^,:]{0,40}${keyword}`).test(text);
}

const HANDOVER =
  /\b(?:hand|pass|escalate|forward|transfer|refer|route|send|direct)\b(.*?)\bto\b[^,]*?\b(?:person|human|humans|people|colleagues?|agents?|team|specialists?|staff|supervisors?|managers?)\b/;
const NO_ANSWER =
  /\b(?:if|when|whenever|where|unless|otherwise|else)\b.*(?:\b(?:not|cannot|no|missing|lacks?|unsure|unknown|unclear|outside|unless|otherwise|else)\b|n't)/;
const ABOUT_CONTEXT =
  /\b(?:context|information|documents?|sources?|answer|answered|know|knowledge|sure|certain|otherwise|else|facts)\b/;

function isRefusalClause({ text, quotes }: Clause): boolean {
  if (!NO_ANSWER.test(text) || !ABOUT_CONTEXT.test(text)) return false;
  return (
    quotes.length > 0 ||
    HANDOVER.test(text) ||
    /\b(?:say so|say that|refuse|decline|tell|admit|reply that)\b/.test(text)
  );
}

const readGrounding: Rule = (clause) => {
  const { text, quotes } = clause;
  if (isRefusalClause(clause)) {
    return { groundedOnly: true, refusal: quotes[0] ?? null, refuseByHandover: HANDOVER.test(text) };
  }
  const exclusive =
    /\b(?:only|solely|exclusively|strictly|nothing but)\b.*\b(?:context|information|documents?|sources?|passages?|facts)\b/;
  const forbidden =
    /(?:\b(?:do not|never|avoid|without|not)\b|n't).*\b(?:outside|beyond|invent|inventing|make (?:\w+ )?up|making (?:\w+ )?up|guess|guessing|assume|assuming|speculate|own knowledge)\b/;
  return exclusive.test(text) || forbidden.test(text) || /\bstick to the (?:context|facts)\b/.test(text)
    ? { groundedOnly: true }
    : {};
};

const FRAME =
  "questions requests cases matters issues topics problems customers anything about related regarding asks concerns says wants mentions";
let frame: ReadonlySet<string> | undefined;

function readTopics(phrase: string): string[] {
  const framing = (frame ??= new Set(termsOf(FRAME)));
  return phrase
    .split(/,|\band\b|\bor\b|\//)
    .map((topic) => termsOf(topic).findLast((term) => !framing.has(term)))
    .filter((head) => head !== undefined);
}

const readEscalation: Rule = (clause) => {
  const { text, quotes } = clause;
  if (
    isRefusalClause(clause) ||
    new RegExp(`${NOT}[^,]{0,20}\\b(?:hand|pass|escalate|forward|transfer|refer)`).test(text)
  )
    return {};
  const handover = HANDOVER.exec(text);
  const condition = /\b(?:if|when|whenever|for|in case of)\b(.*?)(?:,|:|\bthen\b)/.exec(text);
  if (
    handover === null &&
    (condition === null || !/\b(?:say|reply|answer|respond|write)\b/.test(text) || quotes.length === 0)
  ) {
    return {};
  }
  const named = readTopics((handover?.[1] ?? "").replace(/\b(?:over|on|off|it|them|this)\b/g, " "));
  const topics = named.length > 0 ? named : readTopics(condition?.[1] ?? "");
  return topics.length === 0 ? {} : { escalations: [{ topics, sentence: quotes[0] ?? null }] };
};

const LIMIT =
  /\b(?:at most|no more than|not more than|not exceed|maximum(?: of)?|max\.?|up to|under|within|fewer than|less than|limit\w*(?: \w+){0,4} to|in)\s+(\d{1,5}|one|two|three|four|five|six|seven|eight|nine|ten)\s+(?:\w+ )?(words?|sentences?)\b/g;

const readLength: Rule = ({ text }) => {
  const found: { maxWords?: number; maxSentences?: number } = {};
  for (const [, count = "", unit = ""] of text.matchAll(LIMIT)) {
    const limit = NUMBERS.includes(count) ? NUMBERS.indexOf(count) + 1 : Number(count);
    if (limit < 1) continue;
    if (unit.startsWith("word")) found.maxWords = limit;
    else found.maxSentences = limit;
  }
  if (found.maxWords !== undefined || found.maxSentences !== undefined) return found;
  if (asks(text, String.raw`\b(?:briefly|brief|concise|concisely|short)\b`)) return { maxSentences: 2 };
  return asks(text, String.raw`\b(?:in detail|detailed|thorough|thoroughly|complete|completely)\b`)
    ? { maxSentences: 6 }
    : {};
};

const readCitation: Rule = ({ text }) =>
  asks(
    text,
    String.raw`\b(?:cite|cites|citing|citations?|sentence numbers?|source numbers?|(?:name|mention|quote|give) the (?:source|sentence))\b`,
  )
    ? { cite: true }
    : {};

const readJson: Rule = ({ text, quotes }) => {
  if (!asks(text, String.raw`\bjson\b`)) return {};
  const bare =
    /\b(?:keys?|fields?|propert(?:y|ies))\s+([a-z_]\w*(?:(?:\s*,\s*|\s+and\s+|\s*,\s*and\s+)[a-z_]\w*)*)/.exec(
      text,
    )?.[1];
  const keys = quotes.length > 0 ? quotes : (bare?.split(/\s*,\s*and\s+|\s*,\s*|\s+and\s+/) ?? []);
  return { jsonKeys: keys.length > 0 ? [...new Set(keys)] : ["answer"] };
};

const readLanguage: Rule = ({ text }) =>
  /\bsame language\b|\blanguage (?:of|in which|that|they|the (?:customer|user))\b|\b(?:customer|user|question|asker)'s (?:own )?language\b|\btheir (?:own )?language\b/.test(
    text,
  )
    ? { questionLanguage: true }
    : {};

const readTone: Rule = ({ text, quotes }) => {
  const wording = quotes[0] ?? STOCK;
  if (asks(text, String.raw`\b(?:greet|greeting|(?:start|begin|open) (?:\w+ ){0,3}with)\b`))
    return { greeting: wording };
  if (asks(text, String.raw`\b(?:sign off|sign-off|(?:end|close|finish|conclude) (?:\w+ ){0,3}with)\b`))
    return { closing: wording };
  return asks(text, String.raw`\b(?:apologi[sz]e|say sorry|apology)\b`) ? { apology: wording } : {};
};

const rules: readonly Rule[] = [
  readGrounding,
  readEscalation,
  readLength,
  readCitation,
  readJson,
  readLanguage,
  readTone,
];

const none: Instructions = {
  groundedOnly: false,
  refusal: null,
  refuseByHandover: false,
  escalations: [],
  maxWords: null,
  maxSentences: null,
  cite: false,
  jsonKeys: null,
  questionLanguage: false,
  greeting: null,
  closing: null,
  apology: null,
};

/** Reads English instructions clause by clause; of two clauses on one matter the later one counts. */
export function readInstructions(text: string): Instructions {
  let instructions = none;
  for (const clause of readClauses(text)) {
    for (const rule of rules) {
      const found = rule(clause);
      const escalations = [...instructions.escalations, ...(found.escalations ?? [])];
      const refusal = found.refusal ?? instructions.refusal;
      instructions = { ...instructions, ...found, escalations, refusal };
    }
  }
  return instructions;
}
