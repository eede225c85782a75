import { countTokens as countShortWords } from "gpt-tokenizer/encoding/o200k_base";

/** Words or white space so long that the encoder, quadratic in the length of a word, would take for ever: cut apart. */
const LONG_RUN = /(\S{100}|\s{100})/u;

/** Marks of the protocol such as `<|endoftext|>` are text in a prompt, as providers take them. */
const PLAIN_TEXT = { disallowedSpecial: new Set<string>() };

/** Number of tokens of a text in the o200k_base encoding; an estimate for models that use another one. */
export function countTokens(text: string): number {
  return text.split(LONG_RUN).reduce((sum, part) => sum + countShortWords(part, PLAIN_TEXT), 0);
}
