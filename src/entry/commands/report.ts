import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readGateResult } from "../../config/gate-result-file.ts";
import type { GateResult } from "../../domain/gate-result.ts";
import { visibleLine } from "../../domain/visible.ts";
import { renderConsole } from "../../report/console.ts";
import { renderJson } from "../../report/json.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { checkReportFiles, writeReports } from "../write-report.ts";

interface ReportOptions extends CommonOptions {
  /** A run's folder, its `result.json`, or the name of a folder under `.promptgate/runs`. */
  readonly run: string;
  readonly output: readonly string[];
}

const RUNS = ".promptgate/runs";
const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Folders that may be the project's: the config's own, else the working folder and those above it. */
function projectRoots(cwd: string, config: string | undefined): string[] {
  if (config !== undefined) return [dirname(resolve(cwd, config))];
  const parent = dirname(cwd);
  return parent === cwd ? [cwd] : [cwd, ...projectRoots(parent, undefined)];
}

/** The stored result that `run` means. Paths count from the working folder, names of runs from the project. */
function resultPath({ cwd }: Pick<CommandContext, "cwd">, { run, config }: ReportOptions): string {
  const typed = resolve(cwd, run);
  const id = run.startsWith(`${RUNS}/`) ? run.slice(RUNS.length + 1).replace(/\/+$/, "") : run;
  const named = RUN_ID.test(id) ? projectRoots(cwd, config).map((root) => join(root, RUNS, id)) : [];
  const found = [typed, ...named].find((path) => existsSync(path)) ?? typed;
  return existsSync(found) && statSync(found).isDirectory() ? join(found, "result.json") : found;
}

function print(result: GateResult, context: CommandContext, options: ReportOptions): void {
  if (options.json) return context.print(renderJson(result));
  if (options.output.length === 0) context.print(renderConsole(result, context.terminal));
}

/** `report RUN`: renders a stored result again, to the terminal or into files. Its exit code says that it could, not what the verdict was. */
export async function runReport(context: CommandContext, options: ReportOptions): Promise<0> {
  checkReportFiles(options.output);
  const result = await readGateResult(resultPath(context, options));
  await writeReports(result, options.output, context.cwd);
  for (const file of options.output) context.log.info(`wrote ${visibleLine(file)}`);
  print(result, context, options);
  return 0;
}
