import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { Annotation } from "../../github/workflow-commands.ts";
import { alignedLines } from "../registry/lines.ts";
import { required, type Environment } from "./action-host.ts";
import type { ActionInputs } from "./inputs.ts";
import type { OrderJob, OrderResult } from "./order-job.ts";
import { runAdvanceJob } from "./run-advance.ts";
import { runPromoteJob } from "./run-promote.ts";
import { runRollbackJob } from "./run-rollback.ts";

type Order = Extract<ActionInputs["command"], "verify" | "promote" | "advance" | "rollback">;

const ORDERS: readonly string[] = ["verify", "promote", "advance", "rollback"] satisfies Order[];

/** True for commands that move labels or traffic, or ask whether they may. */
export function isOrder(command: ActionInputs["command"]): command is Order {
  return ORDERS.includes(command);
}

const EVENTS = ["workflow_dispatch", "schedule", "push", "repository_dispatch", "release"];

/** What a pull request brings along must not decide what people are served. Throws `USAGE`. */
export function checkOrderEvent(environment: Environment): void {
  const name = required(environment, "GITHUB_EVENT_NAME");
  if (EVENTS.includes(name)) return;
  throw new GateError("USAGE", `nothing is promoted or rolled back by the event ${visibleLine(name, 60)}`, {
    hint: `start it by ${EVENTS.join(", ")}: the files then are those of a branch of this repository`,
  });
}

/** The run as GitHub knows it. */
export function placeOf(
  environment: Environment,
): Pick<OrderJob, "repository" | "commit" | "runId" | "runUrl" | "actors"> {
  const repository = required(environment, "GITHUB_REPOSITORY");
  const runId = environment["GITHUB_RUN_ID"] ?? "";
  const server = (environment["GITHUB_SERVER_URL"] || "https://github.com").replace(/\/$/, "");
  const actors = [environment["GITHUB_ACTOR"], environment["GITHUB_TRIGGERING_ACTOR"]];
  return {
    repository,
    commit: required(environment, "GITHUB_SHA"),
    runId,
    runUrl: `${server}/${repository}/actions/runs/${runId}`,
    actors: [...new Set(actors.filter((actor) => actor !== undefined && actor !== ""))] as string[],
  };
}

/** Carries out one order over the same code as the command line. */
export async function runOrder(job: OrderJob): Promise<OrderResult> {
  const { command } = job.inputs;
  switch (command) {
    case "verify":
    case "promote":
      return runPromoteJob(job, command);
    case "advance":
      return runAdvanceJob(job);
    case "rollback":
      return runRollbackJob(job);
    case "gate":
    case "plan":
    case "merge-shards":
      throw new RangeError(`${command} is no order`);
  }
}

/** The log's lines. */
export function orderLines({ verdict, headline, rows, notes, warnings }: OrderResult): string[] {
  return [
    ...alignedLines(rows).map((line) => `  ${line}`),
    ...notes.map((note) => `  ${visibleLine(note, 600)}`),
    ...warnings.map((warning) => `warning: ${visibleLine(warning, 600)}`),
    `verdict: ${verdict}: ${visibleLine(headline, 600)}`,
  ];
}

function annotation(level: Annotation["level"], message: string): Annotation {
  return { level, title: "promptgate", message, file: null, line: null };
}

/** What nobody should overlook. */
export function orderAnnotations({ verdict, headline, warnings }: OrderResult): Annotation[] {
  const own = verdict === "pass" ? [] : [annotation(verdict === "neutral" ? "warning" : "error", headline)];
  return [...own, ...warnings.map((message) => annotation("warning", message))];
}
