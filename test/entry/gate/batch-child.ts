import { runGate } from "../../../src/entry/commands/gate.ts";
import { BATCH_TIMING } from "../../../src/entry/gate/batch-timing.ts";
import { GateError } from "../../../src/domain/errors.ts";

/** A gate in batches as a process of its own, which does not wait long. Its folder is the working folder. */
export async function gateAsChild(): Promise<void> {
  const exitCode = await runGate(
    {
      cwd: process.cwd(),
      environment: {},
      clock: { now: () => Date.now() },
      log: { info: (line) => console.error(line), warn: (line) => console.error(line) },
      print: (text) => console.log(text),
      signal: new AbortController().signal,
      terminal: { color: false, interactive: false, width: 100 },
    },
    {
      json: true,
      verbose: false,
      baseline: "production",
      tier: "auto",
      filterTag: [],
      filterId: [],
      outputs: [],
      prompts: [],
      output: [],
      concurrency: 4,
      cache: false,
      dryRun: false,
      batch: true,
      batchTiming: { ...BATCH_TIMING, pollMs: 20, settleMs: 5_000 },
    },
  ).catch((error: unknown) => {
    console.error(error instanceof GateError ? `${error.code}: ${error.message}` : error);
    return 4;
  });
  process.exitCode = exitCode;
}
