import { CommanderError } from "commander";
import type { CommandContext } from "./context.ts";
import { errorExitCodes, type ExitCode } from "./exit-codes.ts";
import { GateError } from "../domain/errors.ts";
import { visible } from "../domain/visible.ts";
import { buildProgram } from "./program.ts";
import { secretRedactor } from "./redact.ts";

interface Streams {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
}

function processContext(streams: Streams, signal: AbortSignal): CommandContext {
  return {
    cwd: process.cwd(),
    environment: process.env,
    clock: { now: () => Date.now() },
    log: {
      info: (line) => streams.writeError(`${line}\n`),
      warn: (line) => streams.writeError(`warning: ${line}\n`),
    },
    print: (text) => streams.write(text.endsWith("\n") ? text : `${text}\n`),
    signal,
    terminal: {
      color: process.stdout.isTTY && !process.env["NO_COLOR"],
      interactive: process.stderr.isTTY && process.env["CI"] === undefined,
      width: process.stdout.columns ?? 100,
      height: process.stdout.rows,
    },
  };
}

/** First Ctrl-C lets the run save and stop; the second one ends the process at once. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(
      new GateError("INTERRUPTED", "interrupted", { hint: "run the same command again to go on" }),
    );
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}

function asGateError(error: unknown): GateError {
  if (error instanceof GateError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new GateError("INTERNAL", message, {
    hint: "this is a bug in promptgate: please report it with the lines above",
    cause: error,
  });
}

function reportError(
  error: GateError,
  streams: Streams,
  flags: { json: boolean; verbose: boolean },
): ExitCode {
  const exitCode = errorExitCodes[error.code];
  const hint = error.hint === undefined ? "" : `hint: ${visible(error.hint)}\n`;
  streams.writeError(`error ${error.code}: ${visible(error.message)}\n${hint}`);
  if (error.code === "INTERNAL" || flags.verbose) {
    const origin = error.cause instanceof Error ? error.cause : error;
    streams.writeError(`${visible(origin.stack ?? origin.message)}\n`);
  }
  if (flags.json) {
    const { code, message } = error;
    const document = {
      schema: "promptgate/error@1",
      error: { code, message, hint: error.hint ?? null },
      exitCode,
    };
    streams.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  return exitCode;
}

/** Node ends with exit code 1 on what nobody catches; here 1 means a measured failure, so nothing is left to that. */
function guardExitCode(streams: Streams, flags: { json: boolean; verbose: boolean }): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // A reader that closed its end (`| head`) wants no more: not a failure of ours.
      if (error.code !== "EPIPE") process.exit(errorExitCodes.STORAGE_FAILED);
    });
  }
  process.on("uncaughtException", (error) => {
    process.exit(reportError(asGateError(error), streams, flags));
  });
}

/** Runs one command line and returns its exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const redact = secretRedactor(process.env);
  const streams: Streams = {
    write: (text) => void process.stdout.write(redact(text)),
    writeError: (text) => void process.stderr.write(redact(text)),
  };
  const flags = { json: argv.includes("--json"), verbose: argv.includes("--verbose") };
  guardExitCode(streams, flags);
  let exitCode: ExitCode = 0;
  const context = processContext(streams, interruptSignal());
  try {
    const program = buildProgram(context, streams, (code) => {
      exitCode = code;
    });
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(asGateError(error), streams, flags);
  }
}
