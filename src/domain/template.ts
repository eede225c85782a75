import type { Variables } from "./case.ts";
import { GateError } from "./errors.ts";
import type { Message, PromptTemplate } from "./prompt.ts";
import { visibleLine } from "./visible.ts";

const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}/g;

/** Names of the variables of a text, each once, in order of appearance. */
export function textVariables(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(PLACEHOLDER), (match) => match[1] ?? ""))];
}

/** Names of the variables of all messages, each once, in order of appearance. */
export function templateVariables(template: Pick<PromptTemplate, "messages">): string[] {
  return [...new Set(template.messages.flatMap((message) => textVariables(message.content)))];
}

/** Double braces that are no `{{name}}`: templates have no logic, so each of them is a mistake. */
export function malformedPlaceholders(text: string): string[] {
  return Array.from(text.replace(PLACEHOLDER, "").matchAll(/\{\{[^{}]*\}?\}?/g), (match) => match[0]);
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Replaces every `{{name}}` once: a value that holds `{{…}}` is not expanded again. `missing` names what has no value. */
export function renderText(text: string, variables: Variables, missing: (name: string) => string): string {
  return text.replace(PLACEHOLDER, (_, name: string) =>
    Object.hasOwn(variables, name) && variables[name] !== undefined
      ? valueText(variables[name])
      : missing(name),
  );
}

/** The messages of one case. Throws `VARIABLE_MISSING` that names the case and the variable. */
export function renderMessages(
  template: Pick<PromptTemplate, "messages">,
  variables: Variables,
  caseId: string,
): Message[] {
  return template.messages.map(({ role, content }) => ({
    role,
    content: renderText(content, variables, (name) => {
      throw new GateError(
        "VARIABLE_MISSING",
        `case ${visibleLine(caseId)}: the prompt uses {{${name}}}, the case has no such variable`,
        {
          hint: `add "${name}" to the case's vars, or remove {{${name}}} from the prompt`,
        },
      );
    }),
  }));
}
