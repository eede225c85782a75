import type { Command } from "commander";
import type { CommandContext } from "./context.ts";
import type { ExitCode } from "./exit-codes.ts";
import { GateError } from "../domain/errors.ts";

/** Receives the exit code of the command that ran. */
export type Finish = (exitCode: ExitCode) => void;
/** Adds commands to the program. */
export type Registration = (program: Command, context: CommandContext, finish: Finish) => void;

/** A whole number of at least `minimum`; throws `USAGE`. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) {
      throw new GateError("USAGE", `expected a whole number of at least ${minimum}, got "${text}"`);
    }
    return value;
  };
}

/** A chance of error, above 0 and below 0.5; throws `USAGE`. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value < 0.5)) {
    throw new GateError("USAGE", `expected a number between 0 and 0.5, got "${text}"`);
  }
  return value;
}

/** A number above 0; throws `USAGE`. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && Number.isFinite(value))) {
    throw new GateError("USAGE", `expected a number above 0, got "${text}"`);
  }
  return value;
}

/** For options that may be given several times. */
export function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

/** A subcommand with the options that every command takes. */
export function command(program: Command, usage: string, description: string): Command {
  return program
    .command(usage)
    .description(description)
    .option("-c, --config <file>", "the project's configuration (default: promptgate.yaml here or above)")
    .option("--json", "print one JSON document on standard output", false)
    .option("--verbose", "show where an error comes from", false);
}
