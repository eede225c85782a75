import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
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

/** The plain value of a YAML node, and everything in it that has no safe JSON form. */
export function plainYamlValue(root: Node | null): {
  readonly value: unknown;
  readonly faults: readonly SyntaxFault[];
} {
  const anchors = new Map<string, Converted>();
  const faults: SyntaxFault[] = [];
  let unfolded = 0;

  function fault(node: Node, message: string): Converted {
    faults.push({ offset: node.range?.[0] ?? 0, message });
    return { value: null, weight: 1 };
  }

  function alias(node: Node, name: string): Converted {
    const target = anchors.get(name);
    if (target === undefined) return fault(node, "expected an alias of an anchor that was defined before it");
    const before = unfolded;
    unfolded += target.weight;
    if (unfolded <= MAX_UNFOLDED) return target;
    if (before > MAX_UNFOLDED) return { value: null, weight: 1 };
    return fault(node, "aliases unfold to more data than is allowed: write the values out");
  }

  function mapping(
    node: Node & { items: readonly { key: unknown; value: unknown }[] },
    depth: number,
  ): Converted {
    const entries = new Map<string, unknown>();
    let weight = 1;
    for (const { key: keyNode, value: valueNode } of node.items) {
      const converted = convert(valueNode as Node | null, depth + 1);
      weight += converted.weight + 1;
      if (!isScalar(keyNode) || typeof keyNode.value !== "string") {
        fault((keyNode as Node | null) ?? node, "expected a key that is text");
        continue;
      }
      const key = keyNode.value;
      const wrong =
        keyFault(key) ?? (entries.has(key) ? "expected every key once, this one appears twice" : null);
      if (wrong !== null) fault(keyNode as Node, wrong);
      else entries.set(key, converted.value);
    }
    return { value: Object.fromEntries(entries), weight };
  }

  function plain(node: Node, depth: number): Converted {
    if (depth > MAX_DEPTH) return fault(node, `expected at most ${MAX_DEPTH} levels of nesting`);
    if (isMap(node)) return mapping(node, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => convert(item as Node | null, depth + 1));
      return {
        value: items.map(({ value }) => value),
        weight: items.reduce((sum, { weight }) => sum + weight, 1),
      };
    }
    if (!isScalar(node)) return fault(node, "expected a value");
    const wrong = scalarFault(node.value);
    if (wrong !== null) return fault(node, wrong);
    return { value: node.value, weight: typeof node.value === "string" ? node.value.length + 1 : 1 };
  }

  function convert(node: Node | null, depth: number): Converted {
    if (node === null) return { value: null, weight: 1 };
    // An alias inside its own anchor finds nothing: the anchor is known only when its value is whole.
    if (isAlias(node)) return alias(node, node.source);
    const converted = plain(node, depth);
    if ("anchor" in node && typeof node.anchor === "string") anchors.set(node.anchor, converted);
    return converted;
  }

  return { value: convert(root, 0).value, faults };
}
