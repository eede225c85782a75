import type { Digest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { ModelRequest } from "../../domain/model.ts";
import type { ModelSettings } from "../../domain/project.ts";
import { requestDigest, type ModelIdentity } from "../../domain/stored-call.ts";
import type { CallCache } from "../../evals/calls/call-cache.ts";
import type { Caller } from "../../evals/calls/caller.ts";
import { createUsageMeter, type Purpose } from "../../evals/calls/usage.ts";
import { runLooks } from "../../evals/run-looks.ts";
import { takesBatches } from "../../models/index.ts";
import { openModels } from "./open-models.ts";
import { modelSettingsOf } from "./resolve-versions.ts";
import { evaluationRun, type Asking, type Execution } from "./evaluation-run.ts";
import { settleCritical } from "./run-plan.ts";

/** A request that the run will make and has no answer to. */
export interface MissingRequest {
  readonly request: ModelRequest;
  readonly purpose: Purpose;
  readonly settings: ModelSettings;
}
export type MissingRequests = ReadonlyMap<Digest, MissingRequest>;

export function identityOf({ provider, model, baseUrl }: ModelSettings): ModelIdentity {
  return { provider, model, baseUrl };
}

/** Answers from what is stored, and notes what is not. Models without batches are asked: their answers lead to judgements. */
function notingAsking(execution: Execution, cache: CallCache, missing: Map<Digest, MissingRequest>): Asking {
  const { scope, settings, journal } = execution;
  const direct = openModels({
    context: scope.context,
    root: scope.project.root,
    access: settings,
    journal,
    // What the run itself asks is counted there.
    usage: createUsageMeter(),
    admit: () => () => undefined,
  });
  const noting = (model: ModelSettings): Caller => ({
    ask: (request, purpose) => {
      const digest = requestDigest(identityOf(model), request);
      const completion = cache.read(digest);
      if (completion !== null) return Promise.resolve({ completion, cached: true, costUsd: null });
      missing.set(digest, { request, purpose, settings: model });
      return Promise.reject(new GateError("PROVIDER_FAILED", "no answer yet: it goes into a batch"));
    },
  });
  const model = (entry: ModelSettings): Caller =>
    takesBatches(entry.provider) ? noting(entry) : direct(entry);
  return {
    model,
    judge: async (request, judge) =>
      (await model(modelSettingsOf(scope.project, { model: judge })).ask(request, "judge")).completion,
  };
}

/**
 * What the run would ask with the answers that it has: first the answers, then, when those are there, the judgements. All
 * looks count, since a batch cannot stop early. What depends on a judgement is not among it.
 */
export async function collectMissing(execution: Execution, cache: CallCache): Promise<MissingRequests> {
  const { plan } = execution.preparation;
  const missing = new Map<Digest, MissingRequest>();
  const run = evaluationRun(execution, notingAsking(execution, cache, missing));
  const order = plan.order.slice(0, plan.looks.at(-1)?.cases ?? 0);
  await runLooks(run, { order, looks: [order.length] }, () => ({ kind: "decided", decision: null }));
  await settleCritical(execution, run);
  return missing;
}
