#!/usr/bin/env node
import { packageVersion } from "./package-files.ts";

const first = process.argv[2];
if (process.argv.length === 3 && (first === "--version" || first === "-V")) {
  // Answered before the command line is loaded: a version is asked for by scripts, often and in a hurry.
  process.stdout.write(`${packageVersion()}\n`);
} else {
  const { main } = await import("./cli.ts");
  process.exitCode = await main(process.argv.slice(2));
}
