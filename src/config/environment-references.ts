import type { Problem } from "../domain/problem.ts";
import { visibleLine } from "../domain/visible.ts";
import { mustBeReference } from "./secret-paths.ts";
import { problemAt, type Path, type SourceDocument } from "./source-document.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The blocks in which every command reads `${VAR}`; anywhere else it is ordinary text. */
const BLOCKS: readonly string[] = ["registry", "models", "metrics"];

const REFERENCE = /\$\{([^{}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function referenceFault(name: string, environment: Environment): string | null {
  if (!NAME.test(name))
    return `expected the name of an environment variable in \${…}, got "${visibleLine(name, 60)}"`;
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value === undefined) return `the environment variable ${name} is not set`;
  // A workflow hands in a missing secret as empty text.
  return value === "" ? `the environment variable ${name} is empty` : null;
}

/** The document's value with `${VAR}` replaced, and what is wrong with the references. */
export function expandEnvironment(
  document: SourceDocument,
  environment: Environment,
  blocks: readonly string[] = BLOCKS,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];

  function expandText(text: string, path: Path): string {
    if (mustBeReference(path) && text.search(REFERENCE) < 0) {
      problems.push(
        problemAt(
          document,
          { path },
          "expected a reference such as ${VAR}: a secret must not stand in a file",
        ),
      );
      return text;
    }
    return text.replace(REFERENCE, (reference, name: string) => {
      const fault = referenceFault(name, environment);
      if (fault !== null) problems.push(problemAt(document, { path }, fault));
      return fault === null ? (environment[name] ?? "") : reference;
    });
  }

  function expand(value: unknown, path: Path): unknown {
    if (typeof value === "string") return expandText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => expand(item, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, expand(item, [...path, key])]),
    );
  }

  const { value } = document;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { value, problems };
  const expanded = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, blocks.includes(key) ? expand(item, [key]) : item]),
  );
  return { value: expanded, problems };
}
