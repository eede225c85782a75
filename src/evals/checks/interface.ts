import { canonicalJson } from "../../domain/digest.ts";
import type { PromptTemplate } from "../../domain/prompt.ts";
import { templateVariables } from "../../domain/template.ts";
import { measured, quote, staticCheck, unmeasured } from "./check.ts";

function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** What callers of a prompt rely on, each part as comparable text. */
function interfaceOf(template: PromptTemplate): Readonly<Record<string, string>> {
  const tools = template.tools.map(({ name, parameters }) => canonicalJson([name, parameters]));
  return {
    variables: templateVariables(template).toSorted(byCodeUnits).join(", "),
    roles: template.messages.map(({ role }) => role).join(", "),
    "response format": template.responseFormat,
    "response schema": canonicalJson(template.jsonSchema ?? null),
    tools: tools.toSorted(byCodeUnits).join(", "),
  };
}

export const interfaceCheck = staticCheck(
  {},
  {
    summary:
      "Passes when variables, message roles, response format, response schema and tools equal the baseline's.",
    measure: (_options, { candidate, baseline }) => {
      if (baseline === null) return unmeasured("there is no baseline whose interface could be compared");
      const before = interfaceOf(baseline);
      const changed = Object.entries(interfaceOf(candidate)).filter(([part, text]) => before[part] !== text);
      const differences = changed.map(
        ([part, text]) => `other ${part} (${quote(before[part] ?? "", 50)} before, ${quote(text, 50)} now)`,
      );
      return measured(
        changed.length === 0,
        "have the baseline's interface",
        changed.length === 0 ? "no difference" : differences.join("; "),
      );
    },
  },
);
