#!/usr/bin/env node
import { readFileSync } from "node:fs";

const first = process.argv[2];
if (process.argv.length === 3 && (first === "--version" || first === "-V")) {
  // Answered before the command line is loaded: a version is asked for by scripts, often and in a hurry.
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  process.stdout.write(`${manifest.version}\n`);
} else {
  const { main } = await import("./cli.ts");
  process.exitCode = await main(process.argv.slice(2));
}
