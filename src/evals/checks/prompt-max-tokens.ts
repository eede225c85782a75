import * as z from "zod";
import { expectation } from "./assertion-value.ts";
import { measured, staticCheck } from "./check.ts";

export const promptMaxTokens = staticCheck(
  {
    value: z
      .int(expectation("a whole number"))
      .min(1, "expected 1 or more")
      .describe(
        "Most tokens of the template, variables not filled in, estimated in the o200k_base encoding.",
      ),
  },
  {
    summary:
      "Passes when all messages of the prompt together have at most `value` tokens, variables not filled in.",
    measure: async ({ value }, { candidate }) => {
      // The tokenizer's tables take longer to load than most commands take to run.
      const { countTokens } = await import("../count-tokens.ts");
      const tokens = candidate.messages.reduce((sum, { content }) => sum + countTokens(content), 0);
      return measured(tokens <= value, `have at most ${value} tokens`, `about ${tokens} (o200k_base)`);
    },
  },
);
