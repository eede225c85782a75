import * as z from "zod";
import type { Store } from "../../domain/store.ts";
import { closeIssue, writeIssue } from "../../github/rollout-issue.ts";
import { runRolloutAdvance } from "../commands/rollout-advance.ts";
import { readRollout } from "../promotion/read-rollout.ts";
import { loadSettingsFrom, openStoreOf } from "../wire.ts";
import { auditMove, quietly } from "./audit-trail.ts";
import { documentOptions, runForDocument } from "./command-document.ts";
import { verdictOf, type OrderJob, type OrderResult } from "./order-job.ts";
import { attentionOf, percentOf } from "./rollout-attention.ts";
import { isDecided, lookSchema, type DecidedLook, type Look } from "./rollout-documents.ts";
import { promptInput } from "./required-inputs.ts";

const documentSchema = z.object({ decisions: z.array(lookSchema) });

const HOUR_MS = 3_600_000;
const PROMPTS_TOLD = 200;
/** What changes who gets which version. */
const AUDITED = new Set(["staged", "advanced", "completed", "rolled-back", "repaired"]);

/** Records a transition that this run has made. One that another run made is recorded there. */
export async function auditLook(job: OrderJob, look: DecidedLook): Promise<string[]> {
  const { prompt, version, event, reason, step, weight, rolloutId, id, from } = look;
  const isMove =
    AUDITED.has(event) && (from.weight !== weight || from.step !== step || from.phase !== look.phase);
  if (look.write !== "applied" || !isMove) return [];
  return auditMove(job, prompt, {
    description: `${version ?? "?"} ${event} at ${step}, ${percentOf(weight)} % of traffic: ${reason}`,
    ok: event !== "rolled-back",
    payload: { version, event, reason, step, weight, rolloutId, id },
  });
}

/** Opens, changes or closes the one issue of a rollout, as its state asks for. */
async function tellIssue(job: OrderJob, store: Store, look: Look): Promise<string[]> {
  const { client, repository, inputs, context } = job;
  const rollout = await readRollout(store, look.prompt);
  if (rollout.kind !== "state") return [];
  const { rolloutId } = rollout.state;
  const longest = inputs["hold-hours"] * HOUR_MS;
  const attention = attentionOf(rollout.state, context.clock.now(), longest);
  const goesOn = isDecided(look) && ["advanced", "completed"].includes(look.event);
  if (attention === null && !goesOn) return [];
  return quietly(async () => {
    const outcome =
      attention === null
        ? await closeIssue(client, { repository, rolloutId })
        : await writeIssue(client, { repository, rolloutId, ...attention });
    return outcome.kind === "failed" ? outcome.reason : null;
  });
}

/** One line of a look, for people. */
export function lookRow(look: Look): readonly [string, string, string] {
  if (!isDecided(look)) {
    return "error" in look
      ? [look.prompt, "FAILED", look.error]
      : [look.prompt, "none", "no rollout is under way"];
  }
  const { prompt, event, step, weight, reason, message, error } = look;
  const where = `${event} at ${step} (${percentOf(weight)} %)`;
  return [prompt, where, error === null ? `${reason}: ${message}` : `${reason}: ${error}`];
}

/** What later steps read of the looks: of one prompt plainly, of all as a list. */
export function lookOutputs(looks: readonly Look[]): OrderResult["outputs"] {
  const known = looks.filter((look) => isDecided(look));
  const [only] = known;
  const single = known.length === 1 && only !== undefined ? only : null;
  const list = known.slice(0, PROMPTS_TOLD).map(({ prompt, event, reason, step, phase, weight }) => ({
    prompt,
    event,
    reason,
    stage: step,
    phase,
    trafficPercent: Number(percentOf(weight)),
  }));
  return {
    stage: single?.step ?? "",
    "traffic-percent": single === null ? "" : percentOf(single.weight),
    rollouts: JSON.stringify(list),
  };
}

function headlineOf(looks: readonly Look[]): string {
  const known = looks.filter((look) => isDecided(look));
  const back = known.filter(({ action }) => action === "rollback").map(({ prompt }) => prompt);
  const on = known.filter(({ action }) => action === "advance").map(({ prompt }) => prompt);
  const failed = looks.filter((look) => !isDecided(look) && "error" in look).map(({ prompt }) => prompt);
  const parts = [
    ...(failed.length === 0 ? [] : [`could not be looked at: ${failed.join(", ")}`]),
    ...(back.length === 0 ? [] : [`rolled back: ${back.join(", ")}`]),
    ...(on.length === 0 ? [] : [`one step on: ${on.join(", ")}`]),
  ];
  return parts.length === 0 ? "No exposure changed." : parts.join("; ");
}

/** `advance`: one look at every rollout. Safe to run twice, late, or not at all: the stored times decide. */
export async function runAdvanceJob(job: OrderJob): Promise<OrderResult> {
  const { context, inputs } = job;
  const dryRun = inputs["dry-run"];
  const prompts = inputs.prompt === undefined ? [] : [promptInput(inputs.prompt)];
  const { exitCode, document } = await runForDocument(context, documentSchema, (own) =>
    runRolloutAdvance(own, { ...documentOptions(inputs.config), prompts, dryRun }),
  );
  const looks = document.decisions;
  const warnings: string[] = [];
  if (!dryRun) {
    const store = openStoreOf(await loadSettingsFrom(context, inputs), context);
    for (const look of looks) {
      if (isDecided(look)) warnings.push(...(await auditLook(job, look)));
      warnings.push(...(await tellIssue(job, store, look)));
    }
  }
  return {
    verdict: verdictOf(exitCode),
    exitCode,
    headline: looks.length === 0 ? "No rollout is under way." : headlineOf(looks),
    rows: looks.map(lookRow),
    notes: looks.flatMap((look) => (isDecided(look) ? look.warnings : [])),
    warnings: [...new Set(warnings)],
    outputs: lookOutputs(looks),
  };
}
