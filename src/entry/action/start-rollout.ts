import * as z from "zod";
import { runRolloutStart } from "../commands/rollout-start.ts";
import { documentOptions, runForDocument } from "./command-document.ts";
import { verdictOf, type OrderJob, type OrderResult } from "./order-job.ts";
import { lookSchema, isDecided } from "./rollout-documents.ts";
import { auditLook, lookOutputs, lookRow } from "./run-advance.ts";

const documentSchema = z.object({
  prompt: z.string(),
  version: z.string(),
  digest: z.string(),
  decision: z.enum(["allowed", "refused", "unproven", "waiting"]),
  checks: z.array(z.object({ name: z.string(), state: z.string(), text: z.string() })),
  decisions: z.array(lookSchema),
});

const headlines = {
  allowed: "is being rolled out",
  refused: "is not rolled out: a rule is violated",
  unproven: "is not rolled out: something must be measured first",
  waiting: "is not rolled out: it waits for somebody's sign-off",
} as const;

/** `promote` to `rollout`: begins the staged exposure, which `advance` goes on with. */
export async function startRollout(
  job: OrderJob,
  { prompt, version }: { readonly prompt: string; readonly version: string },
  signOff: { readonly by: readonly string[]; readonly reasons: readonly string[] },
): Promise<OrderResult> {
  const { context, inputs } = job;
  const { exitCode, document } = await runForDocument(context, documentSchema, (own) =>
    runRolloutStart(own, {
      ...documentOptions(inputs.config),
      version: `${prompt}@${version}`,
      supersede: false,
      reason: inputs.reason,
      signedOffBy: signOff.by,
    }),
  );
  const warnings: string[] = [];
  for (const look of document.decisions) {
    if (isDecided(look)) warnings.push(...(await auditLook(job, look)));
  }
  const waits = document.decision === "waiting";
  const checks = document.checks.map(({ name, state, text }) => [name, state, text] as const);
  return {
    verdict: verdictOf(exitCode),
    exitCode,
    headline: `${prompt}@${version} ${headlines[document.decision]}`,
    rows: [...checks, ...document.decisions.map(lookRow)],
    notes: waits ? signOff.reasons : [],
    warnings,
    outputs: {
      "content-digest": document.digest,
      "sign-off-required": String(waits) as "true" | "false",
      ...lookOutputs(document.decisions.slice(-1)),
    },
  };
}
