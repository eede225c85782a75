import * as z from "zod";
import { runRollback } from "../commands/rollback.ts";
import { auditMove } from "./audit-trail.ts";
import { documentOptions, runForDocument } from "./command-document.ts";
import { verdictOf, type OrderJob, type OrderResult } from "./order-job.ts";
import { promptInput, requiredInput } from "./required-inputs.ts";

const documentSchema = z.object({
  prompt: z.string(),
  to: z.string(),
  from: z.string().nullable(),
  because: z.string(),
  reason: z.string(),
  steps: z.array(z.object({ kind: z.string(), step: z.string(), text: z.string() })),
  unread: z.array(z.string()),
});
type Rollback = z.infer<typeof documentSchema>;

async function audit(job: OrderJob, { prompt, to, from, reason }: Rollback, ok: boolean): Promise<string[]> {
  return auditMove(job, prompt, {
    description: `rolled back${from === null ? "" : ` from ${from}`} to ${to}`,
    ok,
    payload: { event: "rolled-back", to, from, reason },
  });
}

/** `rollback`: traffic first; what GitHub is told comes after everything that people feel. */
export async function runRollbackJob(job: OrderJob): Promise<OrderResult> {
  const { context, inputs } = job;
  const prompt = promptInput(inputs.prompt);
  const reason = requiredInput("reason", inputs.reason);
  const { exitCode, document } = await runForDocument(context, documentSchema, (own) =>
    runRollback(own, { ...documentOptions(inputs.config), prompt, reason, to: inputs.version }),
  );
  const changed = document.steps.some(({ kind, step }) => kind === "done" && step !== "ledger");
  const failed = document.steps.some(({ kind }) => kind === "failed");
  return {
    verdict: verdictOf(exitCode),
    exitCode,
    headline: failed
      ? `${prompt} is not wholly back on ${document.to}`
      : `${prompt} is back on ${document.to}: ${document.because}`,
    rows: document.steps.map(({ kind, step, text }) => [step, kind, text] as const),
    notes: document.unread.map((note) => `could not be read: ${note}`),
    warnings: changed || failed ? await audit(job, document, !failed) : [],
    outputs: failed ? {} : { stage: "production", "traffic-percent": "0" },
  };
}
