import { join, resolve } from "node:path";
import { tmpdir } from "node:os";
import type { Environment } from "./action-host.ts";
import type { ActionInputs } from "./inputs.ts";
import type { ActionOutputs } from "./outputs.ts";
import { requiredInput } from "./required-inputs.ts";
import { checkNeeds, type PlannedShards, type ShardJobResult } from "./run-shards.ts";

/** True for what is only a part of a gate: it decides nothing, and comments nothing. */
export function isPart({ command, shard }: ActionInputs): boolean {
  return command === "plan" || (command === "gate" && shard !== undefined);
}

/** Where shards are written and looked for: by default outside the checkout, where no commit can put any. */
export function shardsFolder(environment: Environment, inputs: ActionInputs, cwd: string): string {
  const folder = inputs["shards-dir"];
  return folder === undefined
    ? join(environment["RUNNER_TEMP"] || tmpdir(), "promptgate-shards")
    : resolve(cwd, folder);
}

/** Refuses, before anything is read, what nobody could decide on. */
export function checkGateInputs(inputs: ActionInputs): void {
  // The environment whose reviewers sign off.
  if (inputs["sign-off"] === "environment") requiredInput("target", inputs.target);
  if (inputs.command === "merge-shards" && inputs.needs !== undefined) checkNeeds(inputs.needs);
}

interface Told {
  readonly lines: readonly string[];
  readonly outputs: Partial<ActionOutputs>;
}

function changedOutputs(changed: readonly string[], digest: string): Partial<ActionOutputs> {
  return {
    verdict: "neutral",
    changed: changed.length > 0 ? "true" : "false",
    "changed-prompts": JSON.stringify(changed.slice(0, 200)),
    "content-digest": digest,
  };
}

/** What a plan says to people and to later jobs. */
export function planTold({ changed, digest, shards, lines }: PlannedShards): Told {
  return {
    lines: lines.map((line) => `plan: ${line}`),
    outputs: { ...changedOutputs(changed, digest), shards: JSON.stringify(shards) },
  };
}

/** What a shard says to people and to later jobs. */
export function shardTold({ path, changed, digest, written }: ShardJobResult): Told {
  const lines = written.map(
    ({ prompt, cases }) => `${prompt}: ${cases} ${cases === 1 ? "case" : "cases"} in this shard`,
  );
  return {
    lines: [...lines, `the shard is in ${path}; merge-shards decides`],
    outputs: { ...changedOutputs(changed, digest), "shard-path": path },
  };
}
