import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";

let encoder: Tiktoken | undefined;

/** Words or white space so long that the encoder, quadratic in the length of a word, would take for ever: cut apart. */
const LONG_RUN = /(\S{100}|\s{100})/u;

/** Number of tokens of a text in the o200k_base encoding; an estimate for models that use another one. */
export function countTokens(text: string): number {
  encoder ??= new Tiktoken(o200k);
  const tokenizer = encoder;
  return text.split(LONG_RUN).reduce((sum, part) => sum + tokenizer.encode(part, [], []).length, 0);
}
