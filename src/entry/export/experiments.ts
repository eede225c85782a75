import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { readScoreFile } from "../../config/score-file.ts";
import { GateError } from "../../domain/errors.ts";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { stableId, type Experiment, type ExperimentAnswer } from "../../domain/platform.ts";
import type { ScoreRow } from "../../domain/scores.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { Answer } from "../../evals/answer.ts";
import type { Side, SideName } from "../../evals/sides.ts";
import { readAttestation } from "../../evidence/read-attestation.ts";
import type { CommandContext } from "../context.ts";
import { EVIDENCE_FILE } from "../gate/keep-evidence.ts";
import type { ModelAccess } from "../gate/open-models.ts";
import type { GateScope, Preparation } from "../gate/prepare.ts";
import { openKeptAnswers } from "./kept-answers.ts";

/** A decided run of one prompt, as the gate leaves it. */
export interface DecidedRun {
  readonly scope: GateScope;
  readonly preparation: Preparation;
  readonly result: PromptGateResult;
  readonly access: ModelAccess;
}

/** Where the gate ran, as GitHub tells its jobs. */
function runLink({ environment }: Pick<CommandContext, "environment">): string | null {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = environment;
  if (server === undefined || repository === undefined || run === undefined) return null;
  return `${server}/${repository}/actions/runs/${run}`;
}

/** When the verdict was reached: evidence keeps it, so that a repeated export says the same. */
async function reachedAt(folder: string): Promise<string> {
  const attestation = readAttestation(await readFile(join(folder, EVIDENCE_FILE), "utf8"));
  if (attestation.kind === "gate") return attestation.evidence.at;
  throw new GateError("STORAGE_FAILED", `${EVIDENCE_FILE} of the run cannot be read`, {
    hint: "run the same command again: it writes the evidence of the stored verdict",
  });
}

function textOf({ completion: { text, toolCalls } }: Answer): string {
  return text === "" && toolCalls.length > 0 ? JSON.stringify(toolCalls) : text;
}

/** Null where the answer is not kept, or where another one is kept than the one that was scored. */
async function keptAnswer(
  side: Side,
  { id, sample, measures }: ScoreRow,
  preparation: Preparation,
): Promise<Answer | null> {
  try {
    const answer = await side.generate(await preparation.dataset.read(id), sample);
    const scored = measures?.["characters"];
    const isSame = typeof scored !== "number" || scored === answer.completion.text.length;
    return isSame ? answer : null;
  } catch (error) {
    if (error instanceof GateError && ["REPLAY_MISS", "INCOMPATIBLE"].includes(error.code)) return null;
    throw error;
  }
}

async function answerOf(side: Side, row: ScoreRow, preparation: Preparation): Promise<ExperimentAnswer> {
  const { vars, expected } = await preparation.dataset.read(row.id);
  const answer = await keptAnswer(side, row, preparation);
  const usage = answer?.completion.usage ?? null;
  return {
    caseId: row.id,
    sample: row.sample,
    input: vars,
    ...(expected === undefined ? {} : { expected }),
    output: answer === null ? null : textOf(answer),
    scores: row.scores,
    latencyMs: row.measures?.["latency"] ?? null,
    costUsd: row.measures?.["cost"] ?? null,
    inputTokens: usage?.inputTokens ?? null,
    outputTokens: usage?.outputTokens ?? null,
  };
}

function meansOf({ metrics }: PromptGateResult, side: SideName): Record<string, number | null> {
  const scores = metrics.filter(({ kind }) => kind === "check" || kind === "judge");
  return Object.fromEntries(scores.map((metric) => [metric.name, metric[side]]));
}

/** True when the registry is on the platform and holds this very version. */
async function isPublished(
  { project, registry, prompt }: GateScope,
  platform: string,
  { version, digest }: { readonly version: string; readonly digest: string },
): Promise<boolean> {
  if (project.registry.kind !== platform) return false;
  return (await registry.readVersion(prompt.name, { kind: "version", version }))?.digest === digest;
}

async function experimentOf(
  { scope, preparation, result }: DecidedRun,
  side: Side,
  platform: string,
): Promise<Experiment | null> {
  const version = result[side.name];
  if (version === null || result.runDir === null) return null;
  const { project, prompt, context } = scope;
  const run = basename(result.runDir);
  const id = `${run}/${side.name}`;
  const rows = await readScoreFile(
    join(preparation.run.absolutePath, side.name, "scores.jsonl"),
    `${result.runDir}/${side.name}/scores.jsonl`,
  );
  const answers: ExperimentAnswer[] = [];
  for (const row of rows) answers.push(await answerOf(side, row, preparation));
  const { pulledFrom } = prompt;
  const isItsDataset = pulledFrom?.from === platform;
  return {
    id,
    name: `${visibleLine(prompt.name, 60)} ${version.version} ${side.name} ${stableId(12, id)}`,
    prompt: prompt.name,
    side: side.name,
    version: version.version,
    digest: version.digest,
    published: await isPublished(scope, platform, version),
    model: result.models.find(({ role }) => role === side.name)?.model ?? null,
    verdict: result.verdict,
    headline: result.headline,
    at: await reachedAt(join(project.root, result.runDir)),
    dataset:
      pulledFrom !== null && isItsDataset
        ? { name: pulledFrom.name, ...(pulledFrom.state === null ? {} : { version: pulledFrom.state }) }
        : null,
    datasetDigest: result.digests.dataset,
    means: meansOf(result, side.name),
    link: runLink(context),
    answers,
  };
}

/** Both sides of a run as experiments; none for a verdict that needed no answer. */
export async function experimentsOf(decided: DecidedRun, platform: string): Promise<Experiment[]> {
  const { scope, preparation, result, access } = decided;
  if (result.plan === null) return [];
  const kept = openKeptAnswers(scope, preparation, access);
  try {
    const experiments: Experiment[] = [];
    for (const side of kept.sides) {
      const experiment = await experimentOf(decided, side, platform);
      if (experiment !== null) experiments.push(experiment);
    }
    return experiments;
  } finally {
    kept.close();
  }
}
