import * as z from "zod";
import { measured, outputCheck, unmeasured } from "./check.ts";

const threshold = z.number().min(0, "expected 0 or more");

export const latency = outputCheck(
  { threshold: threshold.describe("Most milliseconds that pass.") },
  {
    summary: "Passes when the answer took at most `threshold` milliseconds, waiting and retries aside.",
    prepare:
      ({ threshold }) =>
      ({ completion: { latencyMs } }) =>
        latencyMs === null
          ? unmeasured("the latency of this output was not measured")
          : measured(latencyMs <= threshold, `take at most ${threshold} ms`, `${latencyMs} ms`),
  },
);

export const cost = outputCheck(
  { threshold: threshold.describe("Most US dollars that pass.") },
  {
    summary: "Passes when the answer cost at most `threshold` US dollars.",
    prepare:
      ({ threshold }) =>
      ({ costUsd }) =>
        costUsd === null
          ? unmeasured(
              "the cost of this output is not known: no usage was reported or the model has no price",
            )
          : measured(costUsd <= threshold, `cost at most ${threshold} USD`, `${costUsd} USD`),
  },
);

export const tokens = outputCheck(
  {
    threshold: threshold.describe("Most tokens that pass."),
    of: z.enum(["total", "input", "output"]).describe("Which tokens are counted; default total.").optional(),
  },
  {
    summary: "Passes when the call used at most `threshold` tokens, as the provider counted them.",
    prepare:
      ({ threshold, of = "total" }) =>
      ({ completion: { usage } }) => {
        if (usage === null) return unmeasured("the provider reported no token usage for this output");
        const found = (of === "output" ? 0 : usage.inputTokens) + (of === "input" ? 0 : usage.outputTokens);
        return measured(found <= threshold, `use at most ${threshold} ${of} tokens`, String(found));
      },
  },
);
