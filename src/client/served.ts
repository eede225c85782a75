import { GateError } from "../domain/errors.ts";
import type { Message, PromptTemplate } from "../domain/prompt.ts";
import { renderText } from "../domain/template.ts";
import type { Choice, Reason, Variant } from "./choose.ts";

/** Values for `{{variables}}`; what is no text is inserted as JSON. */
export type PromptVariables = Readonly<Record<string, unknown>>;

/** A prompt ready to be used. Frozen and shared by all who get the same version for the same reason. */
export interface ServedPrompt extends PromptTemplate {
  readonly name: string;
  readonly version: string;
  readonly variant: Variant;
  /** Why this version; docs/client.md says what each means. */
  readonly reason: Reason;
  /** `stale`: read longer ago than the TTL; `fallback`: the application's own. */
  readonly freshness: "fresh" | "stale" | "fallback";
  /** What went wrong at the last look at the registry; null when nothing did. Its message is untrusted text. */
  readonly problem: Error | null;
  /** The messages with every `{{variable}}` replaced once. Throws `VARIABLE_MISSING` that names the variable. */
  render(variables?: PromptVariables): Message[];
}

/** What the application gets of a choice. */
export function servedPrompt(
  { loaded, variant, reason }: Choice,
  freshness: ServedPrompt["freshness"],
  problem: Error | null,
): ServedPrompt {
  const { name, version, template } = loaded;
  const render = (variables: PromptVariables = {}): Message[] =>
    template.messages.map(({ role, content }) => ({
      role,
      content: renderText(content, variables, (variable) => {
        throw new GateError("VARIABLE_MISSING", `${name}@${version} needs {{${variable}}}`);
      }),
    }));
  return Object.freeze({ ...template, name, version, variant, reason, freshness, problem, render });
}
