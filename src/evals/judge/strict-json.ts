export type StrictJson =
  | { readonly kind: "object"; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: "refused"; readonly problem: string };

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** True when an object of a valid JSON text names a key twice; `JSON.parse` would silently keep the last. */
function hasDuplicateKeys(json: string): boolean {
  const open: (Set<string> | null)[] = [];
  let text = "";
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const keys = open.at(-1);
      const key = JSON.parse(text) as string;
      if (keys?.has(key) === true) return true;
      keys?.add(key);
    } else if (token !== ",") text = token;
  }
  return false;
}

const FENCED = /^```(?:json)?[ \t]*\r?\n([\s\S]*?)\r?\n[ \t]*```$/i;

/** Exactly one JSON object, white space and one code fence around it allowed; no other text, no duplicate keys. */
export function readStrictJson(text: string): StrictJson {
  const trimmed = text.trim();
  const json = FENCED.exec(trimmed)?.[1] ?? trimmed;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { kind: "refused", problem: "the reply is not exactly one JSON object" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { kind: "refused", problem: "the reply is JSON, but not an object" };
  }
  if (hasDuplicateKeys(json)) return { kind: "refused", problem: "an object of the reply names a key twice" };
  return { kind: "object", value: value as Readonly<Record<string, unknown>> };
}
