import { join, resolve } from "node:path";
import { stat } from "node:fs/promises";
import * as z from "zod";
import type { PromptVersion } from "../../domain/registry.ts";
import { TIERS } from "../../domain/tier.ts";
import { readEnvironmentSignOff } from "../../github/environment-approvals.ts";
import { runPromote } from "../commands/promote.ts";
import { loadSettingsFrom, openRegistryOf } from "../wire.ts";
import { auditMove } from "./audit-trail.ts";
import { documentOptions, runForDocument } from "./command-document.ts";
import { findVersion } from "./find-version.ts";
import { verdictOf, type OrderJob, type OrderResult } from "./order-job.ts";
import { promptInput, requiredInput } from "./required-inputs.ts";
import { startRollout } from "./start-rollout.ts";

/** Not a label: the staged exposure that `advance` goes on with. */
const ROLLOUT = "rollout";

const documentSchema = z.object({
  prompt: z.string(),
  version: z.string(),
  digest: z.string(),
  label: z.string(),
  from: z.string().nullable(),
  tier: z.enum(TIERS),
  decision: z.enum(["allowed", "refused", "unproven", "waiting"]),
  checks: z.array(z.object({ name: z.string(), state: z.string(), text: z.string() })),
  plan: z.array(z.string()),
  written: z.array(z.string()),
  todo: z.array(z.string()),
});
type Promotion = z.infer<typeof documentSchema>;

async function namedVersion({ context, inputs }: OrderJob, prompt: string): Promise<PromptVersion> {
  const settings = await loadSettingsFrom(context, inputs);
  const text = requiredInput("version", inputs.version);
  return findVersion(openRegistryOf(settings, context), prompt, text);
}

/** A file, or the folder that a gate's step names in its output `evidence-path`. */
async function evidenceFile({ context, inputs }: OrderJob, prompt: string): Promise<string | undefined> {
  const { evidence } = inputs;
  if (evidence === undefined) return undefined;
  const path = resolve(context.cwd, evidence);
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() === true;
  return isFolder ? join(path, `${prompt}.json`) : path;
}

interface SignOff {
  readonly by: readonly string[];
  readonly reasons: readonly string[];
}

/** Reviewers of the environment, where the workflow asks for one by the name of the label. */
async function signOffOf(
  { client, inputs, repository, runId, actors }: OrderJob,
  label: string,
): Promise<SignOff> {
  if (inputs["sign-off"] !== "auto" && inputs["sign-off"] !== "environment") return { by: [], reasons: [] };
  const question = { repository, runId, environment: label, excluded: actors };
  const read = await readEnvironmentSignOff(client, question);
  if (read.kind === "given") return { by: read.by, reasons: [] };
  return { by: [], reasons: inputs["sign-off"] === "environment" ? read.reasons : [] };
}

const headlines = {
  allowed: "may go to",
  refused: "may not go to",
  unproven: "may not go to",
  waiting: "may not yet go to",
} as const satisfies Record<Promotion["decision"], string>;

function headlineOf({ prompt, version, label, decision }: Promotion, done: boolean): string {
  return `${prompt}@${version} ${done ? "is in" : headlines[decision]} ${label}`;
}

async function audit(job: OrderJob, promotion: Promotion): Promise<string[]> {
  const { prompt, version, digest, label, from } = promotion;
  return auditMove(job, prompt, {
    description: `${version} in ${label}${from === null ? "" : `, was ${from}`}`,
    ok: true,
    payload: { version, digest, label, from },
  });
}

/** Share of people that the label gives the version, where that is known. */
function trafficOf(label: string): string {
  return label === "production" ? "100" : label === "staging" ? "0" : "";
}

/**
 * `promote`, and `verify`, which is its dry run: a version that waits for people only is no failure there, because they
 * approve the job that comes next.
 */
export async function runPromoteJob(job: OrderJob, command: "promote" | "verify"): Promise<OrderResult> {
  const { context, inputs } = job;
  const prompt = promptInput(inputs.prompt);
  const label = requiredInput("target", inputs.target);
  const { version, digest } = await namedVersion(job, prompt);
  const dryRun = command === "verify" || inputs["dry-run"];
  if (label === ROLLOUT && !dryRun)
    return startRollout(job, { prompt, version }, await signOffOf(job, label));
  const signOff = dryRun ? { by: [], reasons: [] } : await signOffOf(job, label);
  const evidence = await evidenceFile(job, prompt);
  const { exitCode, document } = await runForDocument(context, documentSchema, (own) =>
    runPromote(own, {
      ...documentOptions(inputs.config),
      version: `${prompt}@${version}`,
      // Its checks are those of staging: what people saw of it comes later.
      to: label === ROLLOUT ? "staging" : label,
      evidence,
      dryRun,
      override: false,
      reason: inputs.reason,
      signedOffBy: signOff.by,
    }),
  );
  const isDone = document.decision === "allowed" && !dryRun;
  const waits = document.decision === "waiting";
  const moved = document.written.length > 0 && document.from !== document.version;
  return {
    verdict: verdictOf(exitCode),
    exitCode: waits && command === "verify" ? 0 : exitCode,
    headline: headlineOf({ ...document, label }, isDone),
    rows: document.checks.map(({ name, state, text }) => [name, state, text] as const),
    notes: [
      ...(isDone ? document.written : document.plan.map((line) => `would write: ${line}`)),
      ...document.todo.map((line) => `to do: ${line}`),
      ...(waits ? signOff.reasons : []),
    ],
    warnings: isDone && moved ? await audit(job, document) : [],
    outputs: {
      bump: document.tier,
      "content-digest": digest,
      "sign-off-required": String(waits) as "true" | "false",
      stage: isDone ? label : "",
      "traffic-percent": isDone ? trafficOf(label) : "",
    },
  };
}
