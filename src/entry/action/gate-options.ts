import type { GateOptions } from "../commands/gate.ts";
import type { ActionInputs } from "./inputs.ts";
import { SELECTION } from "./open-job.ts";

/** The options of `promptgate gate` that the workflow's inputs come to. */
export function gateOptions(inputs: ActionInputs): GateOptions {
  return {
    ...SELECTION,
    prompts: [],
    output: [],
    json: true,
    verbose: false,
    dryRun: false,
    cache: true,
    concurrency: inputs["max-concurrency"],
    maxCost: inputs["max-cost-usd"],
  };
}
