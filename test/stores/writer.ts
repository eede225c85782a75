import { writeSync } from "node:fs";
import { GateError } from "../../src/domain/errors.ts";
import { openStore } from "../../src/stores/index.ts";
import { aLedgerEntry } from "./a-ledger-entry.ts";

/** A process of its own that writes to a store: `node writer.mjs ROOT SETTINGS count|churn NAME COUNT`. */
const [, , root = "", settings = "{}", mode = "", name = "", count = "0"] = process.argv;
const store = openStore(JSON.parse(settings), root, { now: () => Date.now() }, process.env);

/** Synchronous: what was said before a kill was said. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Raises the number in one document, as often as it says, whoever else does the same. */
async function raise(): Promise<void> {
  for (let raised = 0; raised < Number(count);) {
    const document = await store.read("counter");
    const next = Number(document?.text ?? 0) + 1;
    const outcome = await store.write("counter", String(next), document?.revision ?? null);
    if (outcome.kind === "conflict") continue;
    raised++;
    await store.append(aLedgerEntry({ kind: "counted", by: name, reason: String(next) }));
    say(`wrote ${next}`);
  }
}

/** Writes large documents and entries until it is killed. */
async function churn(): Promise<void> {
  for (let index = 0; ; index++) {
    const document = await store.read("large");
    const text = JSON.stringify({ name, index, filling: "long ".repeat(100_000) });
    const outcome = await store.write("large", text, document?.revision ?? null);
    if (outcome.kind === "written") say(`wrote ${name} ${index}`);
    await store.append(aLedgerEntry({ by: name, reason: String(index) }));
    say(`appended ${name} ${index}`);
  }
}

try {
  say("ready");
  await (mode === "churn" ? churn() : raise());
} catch (error) {
  if (!(error instanceof GateError)) throw error;
  say(`error ${error.code}: ${error.message}; ${error.hint}`);
}
