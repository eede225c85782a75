import { stringify } from "yaml";

/** A document as YAML without folded lines and aliases. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
