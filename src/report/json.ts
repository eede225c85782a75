import type { GateResult } from "../domain/gate-result.ts";

/** The result's document, two spaces deep, ending with a newline. The same result gives the same bytes. */
export function renderJson(result: GateResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}
