import { join } from "node:path";
import { GateError } from "../../domain/errors.ts";
import type { ModelRequest } from "../../domain/model.ts";
import type { ModelSettings } from "../../domain/project.ts";
import { requestDigest } from "../../domain/stored-call.ts";
import type { Answer } from "../../evals/answer.ts";
import { callCost } from "../../evals/calls/usage.ts";
import { journaledCache, openJournal } from "../../evals/journal.ts";
import type { Side } from "../../evals/sides.ts";
import { createModel, isLocalProvider } from "../../models/index.ts";
import { replayModel } from "../../models/recorded.ts";
import { identityOf } from "../gate/batch-requests.ts";
import { sidesOf } from "../gate/evaluation-run.ts";
import { sharedCache, type ModelAccess } from "../gate/open-models.ts";
import type { GateScope, Preparation } from "../gate/prepare.ts";
import { priceOf } from "../gate/price-of.ts";

/** The sides of a decided run as they answered then, and nothing that would cost a call. To be closed. */
export interface KeptAnswers {
  readonly sides: readonly Side[];
  close(): void;
}

/** What a side throws for an answer that is no longer kept. */
function missing(): GateError {
  return new GateError("REPLAY_MISS", "the answer is no longer kept");
}

/** Reads answers again from the run's journal, the shared cache or a recording; local models simply answer again. */
export function openKeptAnswers(
  scope: GateScope,
  preparation: Preparation,
  access: ModelAccess,
): KeptAnswers {
  const { context, project } = scope;
  const journal = openJournal(join(preparation.run.absolutePath, "journal.jsonl"));
  const cache = journaledCache(journal, sharedCache({ access, root: project.root, context }));

  async function answer(settings: ModelSettings, request: ModelRequest): Promise<Answer> {
    const costUsd = (usage: Parameters<typeof callCost>[0]) => callCost(usage, priceOf(settings)?.price);
    if (access.replay !== undefined || isLocalProvider(settings.provider)) {
      const model =
        access.replay === undefined
          ? createModel(settings, {
              openaiApiKey: undefined,
              clock: context.clock,
              monotonic: () => performance.now(),
            })
          : replayModel({ ...settings, baseUrl: settings.baseUrl }, access.replay);
      const completion = await model.complete(request, context.signal);
      return { completion, cached: true, costUsd: costUsd(completion.usage) };
    }
    const completion = cache.read(requestDigest(identityOf(settings), request));
    if (completion === null) throw missing();
    return { completion, cached: true, costUsd: costUsd(completion.usage) };
  }

  return {
    sides: sidesOf({ scope, preparation }, (settings) => ({ ask: (request) => answer(settings, request) })),
    close: () => journal.close(),
  };
}
