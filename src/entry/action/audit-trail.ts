import { GateError } from "../../domain/errors.ts";
import { recordDeployment, type DeploymentRecord } from "../../github/deployments.ts";
import type { OrderJob } from "./order-job.ts";

/**
 * Tells GitHub something; what it says no to is one line and decides nothing. Who gets what has changed already, so that
 * not even a job that is cancelled meanwhile ends here.
 */
export async function quietly(work: () => Promise<string | null>): Promise<string[]> {
  try {
    const refused = await work();
    return refused === null ? [] : [refused];
  } catch (error) {
    if (error instanceof GateError) return [error.message];
    throw error;
  }
}

/** Records a change of who gets which version of a prompt. */
export async function auditMove(
  { client, repository, commit, runUrl }: OrderJob,
  prompt: string,
  move: Pick<DeploymentRecord, "description" | "ok"> & {
    readonly payload: Readonly<Record<string, unknown>>;
  },
): Promise<string[]> {
  const { description, ok, payload } = move;
  return quietly(() =>
    recordDeployment(client, {
      repository,
      ref: commit,
      environment: `prompt-${prompt}`,
      description,
      ok,
      payload: { prompt, ...payload },
      runUrl,
    }),
  );
}
