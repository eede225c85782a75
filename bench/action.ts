// Process time of the action on a pull request that changes no prompt, from the start of Node to its end, on loopback.
import { performance } from "node:perf_hooks";
import { actionBundle, actionCheckout } from "../test/entry/action-checkout.ts";
import { loopbackGitHub } from "../test/loopback/github.ts";

const ROUNDS = 9;
const BOUND_MS = 1_500;

const github = await loopbackGitHub();
await actionBundle();
const checkout = await actionCheckout(github, { cases: 200 });
try {
  checkout.project.write("README.md", "text");
  checkout.commit("Change something else");
  checkout.merge();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    const { outputs } = await checkout.run();
    times.push(performance.now() - start);
    if (outputs["verdict"] !== "pass") throw new Error(`the verdict is ${outputs["verdict"]}`);
  }
  const median = times.toSorted((left, right) => left - right)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  console.log(`a pull request without a changed prompt: ${median.toFixed(0)} ms (bound ${BOUND_MS} ms)`);
  process.exitCode = median <= BOUND_MS ? 0 : 1;
} finally {
  checkout.remove();
  await github.close();
}
