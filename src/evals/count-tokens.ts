import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";

let encoder: Tiktoken | undefined;

/** White space or words so long that the encoder, quadratic in the length of a word, would take for ever. */
const LONG_RUN = /(\S{400}|\s{400})/;

/** Number of tokens of a text in the o200k_base encoding; an estimate for models that use another one. */
export function countTokens(text: string): number {
  encoder ??= new Tiktoken(o200k);
  const tokenizer = encoder;
  return text.split(LONG_RUN).reduce((sum, part) => sum + tokenizer.encode(part, [], []).length, 0);
}
