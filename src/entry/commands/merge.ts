import { resolve } from "node:path";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { renderConsole } from "../../report/console.ts";
import { renderJson } from "../../report/json.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { gateResult } from "../gate/gate-prompt.ts";
import { keepEvidence } from "../gate/keep-evidence.ts";
import { prepareGate, type GateSelection } from "../gate/prepare.ts";
import { openScopes } from "../gate/scopes.ts";
import { commonSigma } from "../gate/shard-checks.ts";
import { readShards, type ReadShard } from "../gate/shard-files.ts";
import { mergeShards } from "../gate/shard-merge.ts";
import { evidenceKey } from "../promotion/signing-key.ts";
import { checkReportFiles, writeReports } from "../write-report.ts";

export interface MergeOptions extends CommonOptions, GateSelection {
  /** Folders that hold shards, relative to the working folder. */
  readonly directories: readonly string[];
  readonly output: readonly string[];
  /** A file with a private key that signs the evidence. */
  readonly sign?: string | undefined;
}

/** `merge`: joins the shards of a run and decides as one machine would have. */
export async function runMerge(context: CommandContext, options: MergeOptions): Promise<ExitCode> {
  checkReportFiles(options.output);
  const signer = await evidenceKey(context, options.sign);
  const shards: ReadShard[] = [];
  for (const directory of options.directories) {
    shards.push(...(await readShards(resolve(context.cwd, directory), directory)));
  }
  // What any shard's command evaluated must be here: a prompt whose shards were all lost is not left out unsaid.
  const prompts = [...new Set(shards.flatMap(({ manifest }) => manifest.prompts))].sort();
  const results: PromptGateResult[] = [];
  for (const scope of await openScopes(context, { ...options, prompts })) {
    const own = shards.filter(({ manifest }) => manifest.identity.prompt === scope.prompt.name);
    const preparation = await prepareGate(scope, own.length === 0 ? {} : commonSigma(own));
    try {
      const result = await mergeShards(scope, preparation, own);
      results.push(await keepEvidence(scope, preparation, result, signer));
    } finally {
      await preparation.close();
    }
  }
  const result = gateResult(results);
  context.print(options.json ? renderJson(result) : renderConsole(result, context.terminal));
  await writeReports(result, options.output, context.cwd);
  return result.exitCode as ExitCode;
}
