// Processor time of the action and its git commands on a pull request that changes no prompt, on loopback. Read from the
// kernel's account of this process' children, which other work on the machine does not change; Linux only.
import { readFileSync } from "node:fs";
import { actionBundle, actionCheckout } from "../test/entry/action-checkout.ts";
import { loopbackGitHub } from "../test/loopback/github.ts";

const ROUNDS = 9;
const BOUND_MS = 1_500;

const TICK_MS = 10;

/** Processor time of all children that ended. */
function childrenMilliseconds(): number {
  const text = readFileSync("/proc/self/stat", "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

const github = await loopbackGitHub();
await actionBundle();
const checkout = await actionCheckout(github, { cases: 200 });
try {
  checkout.project.write("README.md", "text");
  checkout.commit("Change something else");
  checkout.merge();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = childrenMilliseconds();
    const { outputs } = await checkout.run();
    times.push(childrenMilliseconds() - start);
    if (outputs["verdict"] !== "pass") throw new Error(`the verdict is ${outputs["verdict"]}`);
  }
  const median = times.toSorted((left, right) => left - right)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  console.log(`a pull request without a changed prompt: ${median.toFixed(0)} ms (bound ${BOUND_MS} ms)`);
  process.exitCode = median <= BOUND_MS ? 0 : 1;
} finally {
  checkout.remove();
  await github.close();
}
