import * as z from "zod";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";

/** What a command of the command line came to, as its `--json` says it. */
export interface CommandDocument<Document> {
  readonly exitCode: ExitCode;
  readonly document: Document;
}

/** Options that every command takes, with the one document asked for. */
export function documentOptions(config: string): CommonOptions {
  return { config, json: true, verbose: false };
}

/** Runs a command as the command line does, and reads its one document. */
export async function runForDocument<Schema extends z.ZodType>(
  context: CommandContext,
  schema: Schema,
  run: (context: CommandContext) => Promise<ExitCode>,
): Promise<CommandDocument<z.infer<Schema>>> {
  let printed = "";
  const exitCode = await run({ ...context, print: (text) => void (printed += text) });
  return { exitCode, document: schema.parse(JSON.parse(printed)) };
}
