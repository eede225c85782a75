import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { MAX_DEPTH } from "./json-scan.ts";
import { keyFault, scalarFault } from "./plain-value.ts";
import type { SyntaxFault } from "./source-document.ts";

/** Characters and entries that aliases may unfold to, whatever the file's own size. */
const MAX_UNFOLDED = 10_000_000;

interface Converted {
  readonly value: unknown;
  /** Size with all aliases written out. */
  readonly weight: number;
}

interface Conversion {
  readonly anchors: Map<string, Converted>;
  readonly faults: SyntaxFault[];
  unfolded: number;
}

const NOTHING: Converted = { value: null, weight: 1 };

function fault({ faults }: Conversion, node: Node, message: string): Converted {
  faults.push({ offset: node.range?.[0] ?? 0, message });
  return NOTHING;
}

function aliasValue(conversion: Conversion, node: Node, name: string): Converted {
  const target = conversion.anchors.get(name);
  if (target === undefined) {
    return fault(conversion, node, "expected an alias of an anchor that was defined before it");
  }
  const before = conversion.unfolded;
  conversion.unfolded += target.weight;
  if (conversion.unfolded <= MAX_UNFOLDED) return target;
  // Told once: a bomb has many of them.
  if (before > MAX_UNFOLDED) return NOTHING;
  return fault(conversion, node, "aliases unfold to more data than is allowed: write the values out");
}

function mappingValue(conversion: Conversion, node: YAMLMap, depth: number): Converted {
  const entries = new Map<string, unknown>();
  let weight = 1;
  for (const { key: keyNode, value: valueNode } of node.items) {
    const converted = nodeValue(conversion, valueNode as Node | null, depth + 1);
    weight += converted.weight + 1;
    const key = isScalar(keyNode) ? keyNode.value : undefined;
    const twice = typeof key === "string" && entries.has(key);
    const wrong =
      typeof key !== "string"
        ? "expected a key that is text"
        : (keyFault(key) ?? (twice ? "expected every key once, this one appears twice" : null));
    if (wrong !== null) fault(conversion, (keyNode as Node | null) ?? node, wrong);
    else entries.set(String(key), converted.value);
  }
  return { value: Object.fromEntries(entries), weight };
}

function plainValue(conversion: Conversion, node: Node, depth: number): Converted {
  if (depth > MAX_DEPTH) return fault(conversion, node, `expected at most ${MAX_DEPTH} levels of nesting`);
  if (isMap(node)) return mappingValue(conversion, node, depth);
  if (isSeq(node)) {
    const items = node.items.map((item) => nodeValue(conversion, item as Node | null, depth + 1));
    const weight = items.reduce((sum, item) => sum + item.weight, 1);
    return { value: items.map(({ value }) => value), weight };
  }
  if (!isScalar(node)) return fault(conversion, node, "expected a value");
  const wrong = scalarFault(node.value);
  if (wrong !== null) return fault(conversion, node, wrong);
  return { value: node.value, weight: typeof node.value === "string" ? node.value.length + 1 : 1 };
}

function nodeValue(conversion: Conversion, node: Node | null, depth: number): Converted {
  if (node === null) return NOTHING;
  // An alias inside its own anchor finds nothing: the anchor is known only when its value is whole.
  if (isAlias(node)) return aliasValue(conversion, node, node.source);
  const converted = plainValue(conversion, node, depth);
  if ("anchor" in node && typeof node.anchor === "string") conversion.anchors.set(node.anchor, converted);
  return converted;
}

/** The plain value of a YAML node, and everything in it that has no safe JSON form. */
export function plainYamlValue(root: Node | null): {
  readonly value: unknown;
  readonly faults: readonly SyntaxFault[];
} {
  const conversion: Conversion = { anchors: new Map(), faults: [], unfolded: 0 };
  const { value } = nodeValue(conversion, root, 0);
  return { value, faults: conversion.faults };
}
