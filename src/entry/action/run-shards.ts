import { join } from "node:path";
import * as z from "zod";
import { GateError } from "../../domain/errors.ts";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { visibleLine } from "../../domain/visible.ts";
import { commandSettings } from "../commands/gate-shard.ts";
import { emptyResult } from "../gate/assemble-result.ts";
import { verdictWithoutCalls } from "../gate/gate-prompt.ts";
import { keepEvidence } from "../gate/keep-evidence.ts";
import { prepareGate, type GateScope } from "../gate/prepare.ts";
import { commonSigma } from "../gate/shard-checks.ts";
import { readShards, type ReadShard } from "../gate/shard-files.ts";
import { mergeShards } from "../gate/shard-merge.ts";
import { parseShard } from "../gate/shard-of.ts";
import { gateShard, type WrittenShard } from "../gate/shard-run.ts";
import { evidenceKey } from "../promotion/signing-key.ts";
import { gateOptions } from "./gate-options.ts";
import { isOutsider, refuseMissing, withOpenedJob, type GateJob, type OpenedJob } from "./open-job.ts";
import { evaluateWithoutModels, type Evaluated } from "./run-gate.ts";

/** About so many answers and judgements are worth a machine of their own. */
const CALLS_A_SHARD = 400;

/** What `plan` found. */
export interface PlannedShards {
  readonly changed: readonly string[];
  readonly digest: string;
  /** `i/n`, the first first; empty where no model is to be asked. */
  readonly shards: readonly string[];
  /** One line each. */
  readonly lines: readonly string[];
}

/** Answers and judgements that a gate may need at most; 0 where the verdict needs none. */
async function callsOf(scope: GateScope): Promise<number> {
  const preparation = await prepareGate(scope);
  try {
    if (verdictWithoutCalls(scope, preparation) !== null) return 0;
    const { plan } = emptyResult(scope, preparation);
    return plan === null ? 0 : plan.calls.generation + plan.calls.judge;
  } finally {
    await preparation.close();
  }
}

/** `plan`: what changed, and into how many parts its cases go. No model is asked, and no key is needed. */
export async function runPlanJob(job: GateJob): Promise<PlannedShards> {
  return withOpenedJob(job, async (opened) => {
    const { changed, scopes, change, missing } = opened;
    const { digest } = change.opened;
    if (changed.length === 0) return { changed, digest, shards: [], lines: ["no prompt changed"] };
    if (missing.length > 0 && isOutsider(job)) {
      const why = `without ${missing.join(", ")} no model can be asked: merge-shards makes the static checks`;
      return { changed, digest, shards: [], lines: [why] };
    }
    let calls = 0;
    for (const scope of scopes) calls += await callsOf(scope);
    const of = Math.min(job.inputs["max-shards"], Math.max(1, Math.ceil(calls / CALLS_A_SHARD)));
    const shards = Array.from({ length: of }, (_, index) => `${index + 1}/${of}`);
    return {
      changed,
      digest,
      shards,
      lines: [`at most ${calls} calls in ${of} shards: ${changed.join(", ")}`],
    };
  });
}

/** A shard's folder, and what it holds. */
export interface ShardJobResult {
  readonly path: string;
  readonly changed: readonly string[];
  readonly digest: string;
  readonly written: readonly WrittenShard[];
}

/** `gate` with `shard`: evaluates one part of the cases of every changed prompt, and decides nothing. */
export async function runShardJob(job: GateJob, text: string, folder: string): Promise<ShardJobResult> {
  const shard = parseShard(text);
  const path = join(folder, `${shard.index}-of-${shard.of}`);
  return withOpenedJob(job, async (opened) => {
    const { changed, scopes, missing, change } = opened;
    if (missing.length > 0) throw refuseMissing(missing);
    const settings = { ...commandSettings(scopes, gateOptions(job.inputs)), shardOutput: path };
    const written: WrittenShard[] = [];
    for (const scope of scopes) {
      const preparation = await prepareGate(scope);
      try {
        written.push(await gateShard(scope, preparation, settings, { shard, prompts: changed }));
      } finally {
        await preparation.close();
      }
    }
    return { path, changed, digest: change.opened.digest, written };
  });
}

const expectedSchema = z.array(z.string()).max(256);
const needsSchema = z.record(z.string(), z.object({ result: z.string() }));

function parseInput<Schema extends z.ZodType>(name: string, schema: Schema, text: string): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new GateError(
      "USAGE",
      `input ${name}: expected ${name === "needs" ? "toJSON(needs)" : "the output shards of command: plan"}`,
      {
        hint: "the workflow with shards is in docs/workflows.md",
        cause: error,
      },
    );
  }
}

/** Throws when a job that this one builds on did not do its work: what it lost is no pass. */
export function checkNeeds(text: string): void {
  const needs = parseInput("needs", needsSchema, text);
  const broken = Object.entries(needs).filter(([, { result }]) => !["success", "skipped"].includes(result));
  if (broken.length === 0) return;
  const list = broken.map(
    ([name, { result }]) => `${visibleLine(name, 80)} ended as ${visibleLine(result, 40)}`,
  );
  throw new GateError("SCORES_INVALID", `nothing can be decided: the job ${list.join(", the job ")}`, {
    hint: "its log says why; re-run the failed jobs of this workflow run",
  });
}

/** The division that `plan` announced. Throws `USAGE` for what no plan says. */
function parseExpected(text: string): readonly string[] {
  const expected = parseInput("expected-shards", expectedSchema, text);
  const isWhole = expected.every((shard, index) => shard === `${index + 1}/${expected.length}`);
  if (isWhole) return expected;
  throw new GateError("USAGE", `input expected-shards: "${visibleLine(text, 120)}" is no whole division`, {
    hint: "hand in the output shards of command: plan",
  });
}

function checkDivision(
  shards: readonly ReadShard[],
  expected: readonly string[],
  changed: readonly string[],
): void {
  const other = shards.find(({ manifest }) => manifest.shard.of !== expected.length);
  if (other !== undefined) {
    const { index, of } = other.manifest.shard;
    throw new GateError(
      "SCORES_INVALID",
      `shard ${index}/${of} is of another division than the plan's ${expected.length}`,
      {
        hint: "re-run all jobs of this workflow run",
      },
    );
  }
  const about = new Set(shards.flatMap(({ manifest }) => manifest.prompts));
  const strange = [...about].find((name) => !changed.includes(name));
  if (strange === undefined) return;
  throw new GateError(
    "SCORES_INVALID",
    `the shards are about ${visibleLine(strange, 120)}, which did not change here`,
    {
      hint: "check out the same commit in all jobs, and re-run them",
    },
  );
}

/** How `merge-shards` gets at results: from what other jobs measured, never from models. */
export async function mergeEvaluation(opened: OpenedJob, folder: string): Promise<Evaluated> {
  const { job, changed, scopes, missing } = opened;
  if (changed.length === 0) return { results: [], unevaluated: [] };
  const expected = parseExpected(job.inputs["expected-shards"] ?? "");
  if (expected.length === 0) {
    if (isOutsider(job) && missing.length > 0) return evaluateWithoutModels(scopes);
    throw new GateError(
      "SCORES_INVALID",
      `the plan has no shards, and these prompts changed: ${changed.join(", ")}`,
      {
        hint: "check out the same commit in all jobs, and re-run them",
      },
    );
  }
  const shards = await readShards(folder, "the downloaded shards");
  checkDivision(shards, expected, changed);
  const signer = await evidenceKey(job.context, undefined);
  const results: PromptGateResult[] = [];
  for (const scope of scopes) {
    const own = shards.filter(({ manifest }) => manifest.identity.prompt === scope.prompt.name);
    const preparation = await prepareGate(scope, own.length === 0 ? {} : commonSigma(own));
    try {
      results.push(
        await keepEvidence(scope, preparation, await mergeShards(scope, preparation, own), signer),
      );
    } finally {
      await preparation.close();
    }
  }
  return { results, unevaluated: [] };
}
