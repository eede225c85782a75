const WHITE_SPACE = new Set([" ", "\t", "\n", "\r"]);
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** One past the closing quote of the string that opens at `start`, or -1. */
function stringEnd(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return index + 1;
    if (code < 0x20) return -1;
    if (code === 0x5c) {
      ESCAPE.lastIndex = index;
      if (!ESCAPE.test(text)) return -1;
      index = ESCAPE.lastIndex;
    } else {
      index += 1;
    }
  }
  return -1;
}

function scalarEnd(text: string, start: number): number {
  SCALAR.lastIndex = start;
  return SCALAR.test(text) ? SCALAR.lastIndex : -1;
}

type Expecting = "value" | "first-value" | "key" | "first-key" | "colon" | "separator";

/** What may follow a token, or null where the token may not stand. `inObject` is the innermost container's kind. */
function afterToken(token: string, expecting: Expecting, inObject: boolean): Expecting | null {
  const valueMayStand = expecting === "value" || expecting === "first-value";
  switch (token) {
    case ",":
      if (expecting !== "separator") return null;
      return inObject ? "key" : "value";
    case ":":
      return expecting === "colon" ? "value" : null;
    case "}":
      return inObject && (expecting === "separator" || expecting === "first-key") ? "separator" : null;
    case "]":
      return !inObject && (expecting === "separator" || expecting === "first-value") ? "separator" : null;
    case "{":
      return valueMayStand ? "first-key" : null;
    case "[":
      return valueMayStand ? "first-value" : null;
    case '"':
      if (expecting === "key" || expecting === "first-key") return "colon";
      return valueMayStand ? "separator" : null;
  }
  return valueMayStand ? "separator" : null;
}

/** One past the end of the object or array that opens at `start`, or the places of all that stayed open. */
function readContainer(text: string, start: number): number | readonly number[] {
  const open: number[] = [];
  let expecting: Expecting | null = "value";
  let index = start;
  while (index < text.length) {
    const token = text.charAt(index);
    if (WHITE_SPACE.has(token)) {
      index += 1;
      continue;
    }
    expecting = afterToken(token, expecting, text[open.at(-1) ?? -1] === "{");
    if (expecting === null) return open;
    if (token === "{" || token === "[") open.push(index);
    else if (token === "}" || token === "]") open.pop();
    const isMark = token === '"' ? false : ",:{}[]".includes(token);
    index = isMark ? index + 1 : token === '"' ? stringEnd(text, index) : scalarEnd(text, index);
    if (index === -1) return open;
    if (open.length === 0) return index;
  }
  return open;
}

/**
 * Every outermost JSON object and array inside a text, in order. Takes time in proportion to the text: a place that
 * stayed open in one attempt would stay open in the next, so it is not tried again.
 */
export function* findJson(text: string): Generator {
  const opening = /[{[]/g;
  let hopeless: Uint8Array | null = null;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    if (hopeless?.[match.index] === 1) continue;
    const end = readContainer(text, match.index);
    if (typeof end === "number") {
      yield JSON.parse(text.slice(match.index, end));
      opening.lastIndex = end;
    } else if (end.length > 1) {
      hopeless ??= new Uint8Array(text.length);
      for (const place of end) hopeless[place] = 1;
    }
  }
}
