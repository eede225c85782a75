// How long `promptgate --version` takes, as a ratio to Node itself starting, measured in turns in one run.
import { spawnSync } from "node:child_process";

const ROUNDS = 25;
const BOUND = 2;

function milliseconds(args: readonly string[]): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const floor: number[] = [];
const version: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  floor.push(milliseconds(["-e", "0"]));
  version.push(milliseconds(["lib/entry/bin.js", "--version"]));
}
const ratio = median(version) / median(floor);
console.log(
  `node -e 0: ${median(floor).toFixed(1)} ms; promptgate --version: ${median(version).toFixed(1)} ms; ratio ${ratio.toFixed(2)} (bound ${BOUND})`,
);
process.exitCode = ratio <= BOUND ? 0 : 1;
