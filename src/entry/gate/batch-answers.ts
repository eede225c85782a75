import { closeSync, fsyncSync, openSync } from "node:fs";
import type { BatchModel } from "../../domain/batch.ts";
import type { Digest } from "../../domain/digest.ts";
import type { ModelSettings } from "../../domain/project.ts";
import type { CallCache } from "../../evals/calls/call-cache.ts";
import { callCost, type UsageMeter } from "../../evals/calls/usage.ts";
import { journaledCache, openJournal, type Journal } from "../../evals/journal.ts";
import { storageError } from "../../files/storage.ts";
import type { AnswerStore } from "./batch-progress.ts";
import { identityOf } from "./batch-requests.ts";
import type { RunSettings } from "./evaluation-run.ts";
import { sharedCache } from "./open-models.ts";
import type { GateScope } from "./prepare.ts";
import { priceOf } from "./price-of.ts";

/** A run's journal while batches fill it. */
export interface BatchAnswers extends AnswerStore {
  /** As it was read last. */
  journal(): Journal;
  /** The journal and what all runs share. */
  cache(): CallCache;
  /** Requests that batches answered in this process. */
  readonly kept: ReadonlySet<Digest>;
  close(): void;
}

interface Counting {
  readonly usage: UsageMeter;
  readonly modelOf: (settings: ModelSettings) => BatchModel;
}

/** Opens the journal at `path`. Throws `STORAGE_FAILED`. */
export function openBatchAnswers(
  path: string,
  { scope, settings }: { readonly scope: GateScope; readonly settings: RunSettings },
  { usage, modelOf }: Counting,
): BatchAnswers {
  const { context, project } = scope;
  const shared = sharedCache({ access: settings, root: project.root, context });
  let journal = openJournal(path);
  const kept = new Set<Digest>();
  return {
    kept,
    journal: () => journal,
    cache: () => journaledCache(journal, shared),
    has: (digest) => journal.read(digest) !== null,
    refresh: () => {
      journal.close();
      journal = openJournal(path);
    },
    keep: (digest, asked, completion) => {
      const model = modelOf(asked.settings);
      const full = callCost(completion.usage, priceOf(asked.settings)?.price);
      const costUsd = full === null ? null : full * model.priceShare;
      journaledCache(journal, shared).write(digest, identityOf(asked.settings), completion);
      usage.called(asked.purpose, completion.usage, costUsd);
      kept.add(digest);
      return costUsd;
    },
    sync: () => {
      try {
        const file = openSync(path, "r+");
        try {
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
      } catch (error) {
        throw storageError("write", path, error);
      }
    },
    close: () => journal.close(),
  };
}
