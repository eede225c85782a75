import { GateError } from "../domain/errors.ts";
import { runAction } from "./action/run-action.ts";

const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new GateError("INTERRUPTED", "the job was cancelled"));
  });
}

process.exitCode = await runAction({
  environment: process.env,
  signal: controller.signal,
});
