import { setTimeout } from "node:timers/promises";
import { getInput, group } from "@actions/core";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { gitHubClient, type GitHubClient } from "../../github/client.ts";
import type { GitHubEvent } from "../../github/event.ts";
import { writeComment, type CommentOutcome } from "../../github/sticky-comment.ts";
import { maskSecrets } from "../../github/workflow-commands.ts";
import { errorExitCodes, type ExitCode } from "../exit-codes.ts";
import {
  readEvent,
  required,
  stateFolder,
  SUMMARY_CHARACTERS,
  workingDirectory,
  writeFiles,
  writeSummary,
  type WrittenFiles,
} from "./action-host.ts";
import { commandContext, logger, type ActionHost, type Logger } from "./action-log.ts";
import { errorAnnotations, reportAnnotations } from "./annotations.ts";
import type { Checkout } from "./fetch-commit.ts";
import { gitCredentials } from "./git-credentials.ts";
import { readInputs, SECRET_INPUTS, type ActionInputs } from "./inputs.ts";
import { nothingKnown, writeOutputs, type ActionOutputs } from "./outputs.ts";
import type { GateJob } from "./open-job.ts";
import { renderOrder } from "./render-order.ts";
import { renderError, renderReport } from "./render-report.ts";
import { checkOrderEvent, isOrder, orderAnnotations, orderLines, placeOf, runOrder } from "./run-order.ts";
import { runGateJob, type GateJobResult } from "./run-gate.ts";
import { mergeEvaluation, runPlanJob, runShardJob } from "./run-shards.ts";
import { checkGateInputs, isPart, planTold, shardsFolder, shardTold } from "./shard-inputs.ts";

const PROMPTS_NAMED = 200;

/** Everything that a run knows once the inputs were read. */
interface Run {
  readonly host: ActionHost;
  readonly log: Logger;
  readonly inputs: ActionInputs;
  /** Null for a command that no event decides about. */
  readonly event: GitHubEvent | null;
  readonly client: GitHubClient;
  readonly cwd: string;
}

async function openRun(host: ActionHost, log: Logger): Promise<Run> {
  const { environment } = host;
  const inputs = readInputs();
  return {
    host,
    log,
    inputs,
    event: isOrder(inputs.command) ? null : await readEvent(environment),
    cwd: await workingDirectory(environment, inputs["working-directory"]),
    client: gitHubClient({
      apiUrl: environment["GITHUB_API_URL"] || "https://api.github.com",
      token: inputs["github-token"],
      sleep: (milliseconds) => setTimeout(milliseconds, undefined, { signal: host.signal }),
      now: () => Date.now(),
      signal: host.signal,
    }),
  };
}

/** The comment, as far as one is wanted and GitHub lets us. It never decides. */
async function comment(
  { host, inputs, event, client, log }: Run,
  render: (maxCharacters: number) => string,
  { matters, failed }: { readonly matters: boolean; readonly failed: boolean },
): Promise<string> {
  if (inputs.comment === "never" || event?.kind !== "pull_request" || isPart(inputs)) return "";
  const create = matters && (inputs.comment === "always" || failed);
  const place = {
    repository: required(host.environment, "GITHUB_REPOSITORY"),
    pullRequest: event.pullRequest.number,
    key: inputs["comment-key"],
  };
  const outcome: CommentOutcome = await writeComment(client, place, render, create).catch(
    (error: unknown) => {
      if (error instanceof GateError && error.code !== "INTERRUPTED") {
        return { kind: "failed", reason: error.message };
      }
      throw error;
    },
  );
  if (outcome.kind !== "failed") return outcome.url ?? "";
  const message = `${outcome.reason}. The result is in the job summary.`;
  log.annotate([{ level: "warning", title: "promptgate: no comment", message, file: null, line: null }]);
  await writeSummary(
    host.environment,
    `\n_No comment on the pull request: ${visibleLine(outcome.reason, 300).replaceAll("_", " ")}._\n`,
  );
  return "";
}

function costOf({ report }: GateJobResult): string {
  const costs = report.result.prompts.map(({ usage }) => usage.costUsd);
  // What is not known is no zero.
  if (costs.includes(null)) return "";
  return String(costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0));
}

function outputsOf(job: GateJobResult, files: WrittenFiles, commentUrl: string): ActionOutputs {
  const { report, changed, digest, bump } = job;
  const waits =
    report.signOff.kind === "waiting" || (report.need.required > 0 && report.signOff.kind === "not-needed");
  return {
    ...nothingKnown,
    verdict: report.verdict,
    changed: changed.length > 0 ? "true" : "false",
    "changed-prompts": JSON.stringify(changed.slice(0, PROMPTS_NAMED)),
    bump,
    "sign-off-required": waits ? "true" : "false",
    "content-digest": digest,
    "report-path": files.path,
    "report-digest": files.digest,
    "comment-url": commentUrl,
    "cost-usd": costOf(job),
    "evidence-path": job.evidence?.path ?? "",
    "predicate-type": job.evidence?.predicateType ?? "",
    "predicate-path": job.evidence?.predicatePath ?? "",
    "subject-checksums": job.evidence?.checksumsPath ?? "",
  };
}

function exitCodeOf({ verdict, exitCode }: GateJobResult["report"], { enforcement }: ActionInputs): ExitCode {
  // What was measured may be for information only; what is broken is broken.
  return enforcement === "report-only" && verdict !== "error" ? 0 : exitCode;
}

async function show(run: Run, job: GateJobResult): Promise<ExitCode> {
  const { host, inputs, log, cwd } = run;
  const { report, head, changed } = job;
  const { environment } = host;
  const files = await writeFiles(environment, { directory: inputs["results-dir"], cwd }, report.result);
  await writeSummary(environment, `${renderReport(report, SUMMARY_CHARACTERS)}\n`);
  if (inputs.annotations) {
    log.annotate(await reportAnnotations(report, head, required(environment, "GITHUB_WORKSPACE")));
  }
  const matters = changed.length > 0 || report.need.required > 0;
  const failed = report.verdict !== "pass";
  const url = await comment(run, (length) => renderReport(report, length), { matters, failed });
  await writeOutputs(environment["GITHUB_OUTPUT"], outputsOf(job, files, url));
  log.line(`verdict: ${report.verdict}${report.headline === null ? "" : `: ${report.headline}`}`);
  return exitCodeOf(report, inputs);
}

/** Null where there is nothing to gate any more. */
async function gateJobOf(run: Run): Promise<GateJob | null> {
  const { host, log, inputs, event, client, cwd } = run;
  const { environment } = host;
  if (event === null) throw new RangeError("only orders come without an event");
  if (event.kind === "pull_request" && event.pullRequest.closed) {
    log.line("verdict: neutral: the pull request is closed; there is nothing to gate");
    await writeOutputs(environment["GITHUB_OUTPUT"], { ...nothingKnown, verdict: "neutral" });
    return null;
  }
  return {
    context: commandContext(host, cwd, log),
    inputs,
    event,
    client,
    repository: required(environment, "GITHUB_REPOSITORY"),
    commit: environment["GITHUB_SHA"],
    state: stateFolder(environment, cwd),
    checkout: checkoutOf(run),
  };
}

async function gate(run: Run): Promise<ExitCode> {
  const { inputs, host } = run;
  checkGateInputs(inputs);
  const job = await gateJobOf(run);
  if (job === null) return 0;
  if (inputs.command === "merge-shards") {
    const folder = shardsFolder(host.environment, inputs, run.cwd);
    const merge = async () => runGateJob(job, (opened) => mergeEvaluation(opened, folder));
    return show(run, await group("Put the shards together", merge));
  }
  return show(run, await group("Gate the prompts that changed", async () => runGateJob(job)));
}

/** A part of a gate: what it found goes to later jobs, and people hear of the whole. */
async function part(run: Run): Promise<ExitCode> {
  const { inputs, host, log, cwd } = run;
  const job = await gateJobOf(run);
  if (job === null) return 0;
  const told =
    inputs.shard === undefined
      ? planTold(await runPlanJob(job))
      : shardTold(await runShardJob(job, inputs.shard, shardsFolder(host.environment, inputs, cwd)));
  for (const line of told.lines) log.line(line);
  await writeOutputs(host.environment["GITHUB_OUTPUT"], { ...nothingKnown, ...told.outputs });
  return 0;
}

function checkoutOf({ host, inputs, cwd }: Run): Checkout {
  return {
    folder: cwd,
    serverUrl: host.environment["GITHUB_SERVER_URL"] || "https://github.com",
    token: inputs["github-token"],
    signal: host.signal,
  };
}

async function order(run: Run): Promise<ExitCode> {
  const { host, log, inputs, client, cwd } = run;
  const { environment } = host;
  checkOrderEvent(environment);
  const context = commandContext(host, cwd, log);
  const credentials = await gitCredentials(checkoutOf(run));
  const result = await runOrder({
    ...placeOf(environment),
    context: { ...context, environment: { ...context.environment, ...credentials } },
    inputs,
    client,
  });
  log.annotate(orderAnnotations(result));
  for (const line of orderLines(result)) log.line(line);
  // Before anything that may fail: what was done is known to the next step.
  await writeOutputs(environment["GITHUB_OUTPUT"], {
    ...nothingKnown,
    verdict: result.verdict,
    ...result.outputs,
  });
  await writeSummary(environment, `${renderOrder(inputs.command, result)}\n\n`);
  return result.exitCode;
}

async function dispatch(run: Run): Promise<ExitCode> {
  if (isOrder(run.inputs.command)) return order(run);
  return isPart(run.inputs) ? part(run) : gate(run);
}

function asGateError(error: unknown): GateError {
  if (error instanceof GateError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new GateError("INTERNAL", message, {
    hint: "this is a bug in promptgate: please report it with the lines above",
    cause: error,
  });
}

/** Says an error wherever people look: log, annotation, summary, comment. None of them may hide it by failing. */
async function showError(
  host: ActionHost,
  log: Logger,
  run: Run | null,
  error: GateError,
): Promise<ExitCode> {
  const { environment } = host;
  log.line(`error ${error.code}: ${error.message}`);
  if (error.hint !== undefined) log.line(`hint: ${error.hint}`);
  const origin = error.cause instanceof Error ? error.cause : error;
  if (error.code === "INTERNAL") log.line(origin.stack ?? origin.message);
  const workspace = environment["GITHUB_WORKSPACE"] ?? process.cwd();
  log.annotate(errorAnnotations(error, run?.cwd ?? workspace, workspace));
  const text = renderError(error);
  const quietly = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((second: unknown) => log.line(`warning: ${asGateError(second).message}`));
  };
  await quietly(writeSummary(environment, `${text}\n`));
  if (run !== null && !host.signal.aborted) {
    await quietly(comment(run, () => text, { matters: true, failed: true }));
  }
  await quietly(writeOutputs(environment["GITHUB_OUTPUT"], nothingKnown));
  return errorExitCodes[error.code];
}

/** Runs the action once and returns the exit code of its process. Never throws. */
export async function runAction(host: ActionHost): Promise<ExitCode> {
  maskSecrets(SECRET_INPUTS.map((name) => getInput(name)));
  const log = logger(host);
  let run: Run | null = null;
  try {
    run = await openRun(host, log);
    return await dispatch(run);
  } catch (error) {
    return showError(host, log, run, asGateError(error));
  }
}
