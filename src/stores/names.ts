import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";

/** File systems end at 255 bytes; the rest is for endings. */
const LONGEST = 200;

/**
 * A key or the name of a prompt as the name of a folder, whatever it holds: lowercase letters, digits, `-`, `_` and inner
 * dots stand for themselves, `+` for `/`, `%xx` for every other byte. Distinct even where case does not count. Throws
 * `USAGE` when it is empty or too long.
 */
export function folderName(text: string): string {
  const bytes = [...Buffer.from(text, "utf8")].map((byte, index) => {
    const character = String.fromCharCode(byte);
    if (character === "/") return "+";
    const plain = /[a-z0-9_-]/.test(character) || (character === "." && index > 0);
    return plain ? character : `%${byte.toString(16).padStart(2, "0")}`;
  });
  const name = bytes.join("");
  if (name !== "" && name.length <= LONGEST) return name;
  throw new GateError("USAGE", `"${visibleLine(text)}" cannot name an entry of the store`, {
    hint: `use 1 to ${LONGEST} characters`,
  });
}

/** The text that `folderName` made this of; null when it made it of none. */
export function textOfFolder(name: string): string | null {
  if (!/^(?:[a-z0-9_+.-]|%[0-9a-f]{2})+$/.test(name)) return null;
  const hex = name.replaceAll("+", "/").replace(/[^%]|%../g, (part) => {
    return part.length === 3 ? part.slice(1) : part.charCodeAt(0).toString(16);
  });
  const text = Buffer.from(hex, "hex").toString("utf8");
  return text !== "" && name.length <= LONGEST && folderName(text) === name ? text : null;
}
