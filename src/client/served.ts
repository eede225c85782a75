import { GateError } from "../domain/errors.ts";
import type { Message, PromptTemplate } from "../domain/prompt.ts";
import { renderText } from "../domain/template.ts";
import type { Reason, Variant } from "./choose.ts";
import type { LoadedVersion } from "./documents.ts";

/** Values for `{{variables}}`; what is no text is inserted as JSON. */
export type PromptVariables = Readonly<Record<string, unknown>>;

/** A prompt ready to be used. Frozen and shared by all who get the same version for the same reason. */
export interface ServedPrompt extends PromptTemplate {
  readonly name: string;
  readonly version: string;
  readonly variant: Variant;
  /** Why this version; see docs/client.md. */
  readonly reason: Reason;
  /** `stale`: last known good from longer ago than the TTL; `fallback`: the application's own. */
  readonly freshness: "fresh" | "stale" | "fallback";
  /** What went wrong at the last look at the registry, one line; null when nothing did. */
  readonly problem: string | null;
  /** The messages with every `{{variable}}` replaced once. Throws `VARIABLE_MISSING` that names the variable. */
  render(variables?: PromptVariables): Message[];
}

export interface Circumstances {
  readonly variant: Variant;
  readonly reason: Reason;
  readonly freshness: ServedPrompt["freshness"];
  readonly problem: string | null;
}

/** What the application gets of a version under these circumstances. */
export function servedPrompt({ name, version, template }: LoadedVersion, why: Circumstances): ServedPrompt {
  return Object.freeze({
    name,
    version,
    ...template,
    ...why,
    render: (variables: PromptVariables = {}) =>
      template.messages.map(({ role, content }) => ({
        role,
        content: renderText(content, variables, (variable) => {
          throw new GateError(
            "VARIABLE_MISSING",
            `${name}@${version} uses {{${variable}}}, which was not given`,
            {
              hint: `call render({ ${variable}: … })`,
            },
          );
        }),
      })),
  });
}
