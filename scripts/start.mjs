// `npm start`: gates the shipped candidate against the version in production and says what to try next.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const promptgate = "node lib/entry/bin.js";
const worse = "prompts/examples/customer-support-worse.prompt.yml";
const patch = "prompts/examples/customer-support-patch.prompt.yml";

// Ctrl-C reaches the gate as well; it saves its state and says so before this process ends with its code.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);

console.log("Gating customer-support 2.4.0 against production. A second run repeats the stored verdict.\n");
const gate = spawn(process.execPath, [join(root, "lib", "entry", "bin.js"), "gate", "customer-support"], {
  cwd: root,
  stdio: "inherit",
});
gate.on("error", (error) => {
  console.error(`error INTERNAL: the gate could not be started: ${error.message}`);
  process.exitCode = 4;
});
gate.on("exit", (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal ?? "SIGTERM"] ?? 0);
  if (code !== 0 && code !== 1 && code !== 3) return;
  console.log(`
Next:
  A version that is worse, and fails:    ${promptgate} gate --candidate ${worse}
  A patch, which needs no judge:         ${promptgate} gate --candidate ${patch}
  An edit of your own:                   change prompts/customer-support.prompt.yml, raise its version, then
                                         ${promptgate} gate
  A project of your own:                 ${promptgate} init my-project`);
});
