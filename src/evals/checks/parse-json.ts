/** An output read as JSON; the value may be anything JSON can hold. */
export type ParsedJson = { readonly kind: "json"; readonly value: unknown } | { readonly kind: "invalid" };

/** The whole text as JSON, white space around it allowed. */
export function parseJson(text: string): ParsedJson {
  try {
    return { kind: "json", value: JSON.parse(text) };
  } catch {
    return { kind: "invalid" };
  }
}
