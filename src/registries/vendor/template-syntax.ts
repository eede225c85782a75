import { malformedPlaceholders } from "../../domain/template.ts";

/** A text in our syntax, or why it cannot be one. */
export type Translated =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "problem"; readonly problem: string };

const NAME = "[A-Za-z_][A-Za-z0-9_]*";
const OURS = /\{\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}/g;

function text(value: string): Translated {
  return { kind: "text", text: value };
}

function problem(value: string): Translated {
  return { kind: "problem", problem: value };
}

/**
 * A mustache or handlebars template as ours: `{{name}}` means the same in both. Sections, partials, comments, paths,
 * helpers and unescaped tags mean more than we can say.
 */
export function fromMustache(template: string): Translated {
  const tag = /\{\{\{|\{\{\s*[#^/>!&=@~]|\{\{\s*else\b/.exec(template)?.[0];
  if (tag !== undefined) return problem(`it has "${tag.trim()}", which is logic or an unescaped value`);
  const [malformed] = malformedPlaceholders(template);
  if (malformed !== undefined) return problem(`it has ${malformed}, which is no plain {{name}}`);
  const path = Array.from(template.matchAll(OURS), (match) => match[1] ?? "").find((name) =>
    /[.-]/.test(name),
  );
  return path === undefined ? text(template) : problem(`{{${path}}} is a path or an expression there`);
}

/** Our template for mustache or handlebars: the same text, unless a name would be read as a path or an expression. */
export function toMustache(template: string): Translated {
  return fromMustache(template);
}

/** Why our template would mean something else as mustache; null = it means the same. */
export function mustacheProblem(template: string): string | null {
  const translated = toMustache(template);
  return translated.kind === "problem" ? translated.problem : null;
}

/** Why the databases behind platforms cannot hold a text; null = they can. */
export function unstorable(text: string): string | null {
  if (text.includes("\u0000")) return "it has a NUL character, which the database cannot hold";
  return /\p{Surrogate}/u.test(text)
    ? "it has half of a surrogate pair, which the database cannot hold"
    : null;
}

/**
 * A Python f-string template as ours: `{name}` becomes `{{name}}`, `{{` and `}}` become single braces. Attributes,
 * indexes, conversions and formats mean more than we can say.
 */
export function fromFString(template: string): Translated {
  const token = new RegExp(`\\{\\{|\\}\\}|\\{(${NAME})\\}|\\{[^{}]*\\}?|\\}`, "g");
  let wrong: string | null = null;
  const translated = template.replace(token, (match, name: string | undefined) => {
    if (match === "{{") return "{";
    if (match === "}}") return "}";
    if (name !== undefined) return `{{${name}}}`;
    wrong ??= match;
    return match;
  });
  if (wrong !== null) return problem(`it has ${wrong as string}, which is no plain {name}`);
  // Literal braces that meet would read as a variable of ours.
  const back = toFString(translated);
  return back.kind === "text" && back.text === template
    ? text(translated)
    : problem("its literal braces would read as {{…}}");
}

/** Our template as a Python f-string: `{{name}}` becomes `{name}`, other braces are doubled. */
export function toFString(template: string): Translated {
  const [malformed] = malformedPlaceholders(template);
  if (malformed !== undefined) return problem(`it has ${malformed}, which is no {{name}}`);
  let wrong: string | null = null;
  const parts = template.split(/(\{\{\s*[A-Za-z_][A-Za-z0-9_.-]*\s*\}\})/).map((part, index) => {
    if (index % 2 === 0) return part.replaceAll("{", "{{").replaceAll("}", "}}");
    const name = part.slice(2, -2).trim();
    if (!new RegExp(`^${NAME}$`).test(name)) wrong ??= name;
    // White space inside the braces would not come back.
    if (part !== `{{${name}}}`) wrong ??= part;
    return `{${name}}`;
  });
  return wrong === null
    ? text(parts.join(""))
    : problem(`${wrong as string} cannot be written as {name} so that it comes back the same`);
}
