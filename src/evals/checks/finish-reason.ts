import type { FinishReason } from "../../domain/model.ts";
import { textVariables } from "../../domain/template.ts";
import { caseError, templateText, textFor } from "./assertion-value.ts";
import { measured, outputCheck, unmeasured } from "./check.ts";

const REASONS = ["stop", "length", "tool_calls", "content_filter"] as const satisfies FinishReason[];

function isReason(text: string): boolean {
  return (REASONS as readonly string[]).includes(text.toLowerCase());
}

export const finishReason = outputCheck(
  { value: templateText.describe(`One of ${REASONS.join(", ")}; upper and lower case alike.`) },
  {
    summary: "Passes when the model stopped for the reason `value`.",
    rules: ({ value }, report) => {
      if (textVariables(value).length === 0 && !isReason(value)) {
        report(["value"], `expected one of ${REASONS.join(", ")}, got ${JSON.stringify(value)}`);
      }
    },
    prepare: ({ value }, preparation) => {
      const wanted = textFor(value, preparation).toLowerCase();
      if (!isReason(wanted)) {
        throw caseError(
          preparation,
          `its value must be one of ${REASONS.join(", ")}`,
          "correct the variable that the value names",
        );
      }
      return ({ completion }) =>
        completion.finishReason === "unknown"
          ? unmeasured("the provider did not say why the model stopped")
          : measured(completion.finishReason === wanted, `finish with ${wanted}`, completion.finishReason);
    },
  },
);
