import { valueAt } from "../../config/plain-value.ts";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { SourceDocument } from "../../config/source-document.ts";
import type { Located } from "./located.ts";

/** References inside references; a document that refers to itself stays as it is written there. */
const DEEPEST_REFERENCE = 10;
/** Values that references may unfold to: a few of them that name each other would fill the memory. */
const MOST_VALUES = 1_000_000;

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The keys that YAML's `<<` brings along; those of the mapping itself win, then the earlier of several. */
function mergedKeys(merged: unknown): Record<string, unknown> {
  const sources = (Array.isArray(merged) ? merged : [merged]).filter(isMapping);
  return Object.assign({}, ...sources.toReversed()) as Record<string, unknown>;
}

function pointerPath(reference: string): string[] {
  return reference
    .slice("#/".length)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/**
 * A document with its merge keys (`<<`) and local references (`$ref: "#/…"`) written out, as promptfoo reads it. Throws
 * `CONFIG_INVALID` when they unfold to too much.
 */
export function plainDocument(document: SourceDocument): Located {
  let values = 0;
  function plain(value: unknown, depth: number): unknown {
    values += 1;
    if (values > MOST_VALUES) {
      throw new GateError(
        "CONFIG_INVALID",
        `${visibleLine(document.file)}: references unfold to more data than is allowed`,
        { hint: "write the values out, or split the file" },
      );
    }
    if (Array.isArray(value)) return value.map((item) => plain(item, depth));
    if (!isMapping(value)) return value;
    const reference = value["$ref"];
    if (typeof reference === "string" && reference.startsWith("#/") && depth < DEEPEST_REFERENCE) {
      const target = valueAt(document.value, pointerPath(reference));
      if (target !== undefined) return plain(target, depth + 1);
    }
    const { "<<": merged, ...own } = value;
    const keys = merged === undefined ? own : { ...mergedKeys(plain(merged, depth)), ...own };
    return Object.fromEntries(Object.entries(keys).map(([key, item]) => [key, plain(item, depth)]));
  }
  return { document, path: [], value: plain(document.value, 0) };
}
