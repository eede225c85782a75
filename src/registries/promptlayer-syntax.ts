import type { Message } from "../domain/prompt.ts";
import { malformedPlaceholders, textVariables } from "../domain/template.ts";
import { unstorable, type Translated } from "./vendor/template-syntax.ts";

/** How a message of PromptLayer writes its variables. */
export type TemplateFormat = "f-string" | "jinja2";

const NAME = /^[A-Za-z_]\w*$/;
const OURS = /\{\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}/g;
/** What PromptLayer fills in; there is no way to write such a text so that it stays. Other braces are text. */
const FILLED = /\{([\p{L}\p{N}_]+)((?:[!:][^}]*)?)\}/gu;
const SNIPPET = /@@@[^@\n]+@@@/;
const LOGIC = /\{%|\{#|\{\{\{/;
/** Names that Jinja reads as something else than a variable. */
const WORDS = new Set(
  "and or not in is if else true false none True False None self super loop varargs kwargs caller".split(" "),
);

function problem(text: string): Translated {
  return { kind: "problem", problem: text };
}

function foreign(text: string): string | null {
  const snippet = SNIPPET.exec(text)?.[0];
  return snippet === undefined ? unstorable(text) : `it includes the snippet ${snippet}`;
}

function fromFString(text: string): Translated {
  const odd = Array.from(text.matchAll(FILLED)).find(
    ([, name = "", format = ""]) => format !== "" || !NAME.test(name),
  );
  if (odd !== undefined) return problem(`it has ${odd[0]}, which is no plain {name}`);
  const translated = text.replace(FILLED, (_, name: string) => `{{${name}}}`);
  const back = toFString(translated);
  return back.kind === "text" && back.text === text
    ? { kind: "text", text: translated }
    : problem("its braces would read as {{…}}");
}

function toFString(text: string): Translated {
  const [malformed] = malformedPlaceholders(text);
  if (malformed !== undefined) return problem(`it has ${malformed}, which is no plain {{name}}`);
  // What stands between two variables must not read as one.
  const odd = text.replace(OURS, "\u0000").match(FILLED)?.[0];
  if (odd !== undefined) return problem(`it has ${odd}, which would be filled in there`);
  let wrong: string | null = null;
  const translated = text.replace(OURS, (placeholder, name: string) => {
    // White space inside the braces would not come back.
    if (!NAME.test(name) || placeholder !== `{{${name}}}`) wrong ??= placeholder;
    return `{${name}}`;
  });
  if (wrong !== null) return problem(`${wrong as string} cannot be written as {name}`);
  const again = translated.replace(FILLED, (_, name: string) => `{{${name}}}`);
  return again === text ? { kind: "text", text: translated } : problem("braces meet a variable");
}

/** `{{name}}` is the same in Jinja; logic, comments, filters and paths are more than we can say. */
function asJinja(text: string): Translated {
  const logic = LOGIC.exec(text)?.[0];
  if (logic !== undefined) return problem(`it has "${logic}", which is logic, a comment or an expression`);
  const [malformed] = malformedPlaceholders(text);
  if (malformed !== undefined) return problem(`it has ${malformed}, which is no plain {{name}}`);
  const odd = textVariables(text).find((name) => !NAME.test(name) || WORDS.has(name));
  return odd === undefined
    ? { kind: "text", text }
    : problem(`{{${odd}}} is a path, an expression or a word of the language there`);
}

/** A text of PromptLayer in our syntax, or why it cannot be one. */
export function fromPromptLayer(text: string, format: TemplateFormat): Translated {
  const reason = foreign(text);
  if (reason !== null) return problem(reason);
  return format === "jinja2" ? asJinja(text) : fromFString(text);
}

/** Messages as PromptLayer gets them, all in one format: its library renders them all by the format of the first. */
export type Written =
  | { readonly kind: "written"; readonly format: TemplateFormat; readonly texts: readonly string[] }
  | { readonly kind: "problem"; readonly problem: string };

function writeIn(
  format: TemplateFormat,
  translate: (text: string) => Translated,
  messages: readonly Message[],
): Written {
  const texts: string[] = [];
  for (const { content } of messages) {
    const reason = foreign(content);
    const translated = reason === null ? translate(content) : problem(reason);
    if (translated.kind === "problem") return translated;
    texts.push(translated.text);
  }
  return { kind: "written", format, texts };
}

/** As f-strings, which change nothing but the variables; as Jinja where other braces are in the way; or why not at all. */
export function toPromptLayer(messages: readonly Message[]): Written {
  const plain = writeIn("f-string", toFString, messages);
  return plain.kind === "written" ? plain : writeIn("jinja2", asJinja, messages);
}
