/** What the placeholders of a PromQL template stand for. */
export interface TemplateValues {
  readonly prompt: string;
  readonly versions: readonly string[];
  readonly bucketMs: number;
}

/** Safe in single and double quotes alike: whatever could end a string becomes `\uXXXX`. */
function escapeText(text: string): string {
  return text.replace(/[^A-Za-z0-9 ._:@/+-]/gu, (character) => {
    const hexadecimal = (character.codePointAt(0) ?? 0).toString(16);
    return hexadecimal.length > 4
      ? `\\U${hexadecimal.padStart(8, "0")}`
      : `\\u${hexadecimal.padStart(4, "0")}`;
  });
}

/** Text that a regular expression takes literally. */
function escapePattern(text: string): string {
  return text.replace(/[.+*?()|[\]{}^$\\]/g, "\\$&");
}

/** A duration as PromQL writes it. */
function duration(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`;
}

/**
 * Fills in `{{prompt}}` for a label's value, `{{versions}}` for a label's regular expression and `{{bucket}}` for a
 * duration; the first two stand in quotes.
 */
export function renderQuery(template: string, { prompt, versions, bucketMs }: TemplateValues): string {
  const values: Readonly<Record<string, string>> = {
    prompt: escapeText(prompt),
    versions: versions.map((version) => escapeText(escapePattern(version))).join("|"),
    bucket: duration(bucketMs),
  };
  return template.replace(/\{\{\s*(prompt|versions|bucket)\s*\}\}/g, (_, name: string) => values[name] ?? "");
}
