import { writeSync } from "node:fs";
import { GateError } from "../../src/domain/errors.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { aVersion } from "./a-version.ts";

/** A process of its own that writes to a registry: `node writer.mjs ROOT churn|count|publish NAME COUNT`. */
const [, , root = "", mode = "", name = "", count = "0"] = process.argv;
const prompt = "customer-support";
const registry = openRegistry({ kind: "file", path: "registry" }, root);

/** Synchronous: what was said before a kill was said. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function labelVersion(label: string): Promise<string | null> {
  return (await registry.listLabels(prompt)).find((candidate) => candidate.name === label)?.version ?? null;
}

async function tryMove(label: string, expected: string | null, to: string): Promise<boolean> {
  try {
    const move = await registry.moveLabel({ prompt, label, to, expected, by: name, reason: "counting" });
    if (move !== null) say(`moved ${move.sequence} ${move.label} ${move.to}`);
    return move !== null;
  } catch (error) {
    if (error instanceof GateError && error.code === "REGISTRY_CONFLICT") return false;
    throw error;
  }
}

/** Publishes and moves until it is killed. */
async function churn(): Promise<void> {
  for (let index = 0; ; index++) {
    const version = `${name}.0.${index}`;
    const { created } = await registry.publish(aVersion(version, `${version} ${"long ".repeat(200_000)}`));
    if (created) say(`published ${version}`);
    await tryMove("production", await labelVersion("production"), version);
  }
}

/** Raises a shared counter, `0.0.N` behind one label, exactly `count` times, whoever else does the same. */
async function raise(): Promise<void> {
  for (let raised = 0; raised < Number(count);) {
    const current = await labelVersion("counter");
    const next = Number(current?.split(".")[2] ?? -1) + 1;
    if (await tryMove("counter", current, `0.0.${next}`)) raised++;
  }
}

try {
  say("ready");
  if (mode === "churn") await churn();
  else if (mode === "count") await raise();
  else say(String((await registry.publish(aVersion("1.0.0"))).created));
} catch (error) {
  if (!(error instanceof GateError)) throw error;
  say(`error ${error.code}: ${error.message}; ${error.hint}`);
}
