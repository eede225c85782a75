import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { DatasetSource, PlatformItem } from "../domain/platform.ts";
import { visibleLine } from "../domain/visible.ts";
import { numberedPages } from "../http/langfuse-pages.ts";
import type { LangfuseApi } from "../http/langfuse.ts";

const PAGE = 100;

const item = z.object({
  id: z.string(),
  status: z.string(),
  input: z.unknown(),
  expectedOutput: z.unknown(),
  metadata: z.unknown(),
  createdAt: z.string(),
});

const INSTANT = z.iso.datetime({ offset: true });

function checkVersion(version: string | undefined): void {
  if (version === undefined || INSTANT.safeParse(version).success) return;
  throw new GateError(
    "DATASET_INVALID",
    `langfuse: a dataset's version is a time, got "${visibleLine(version, 60)}"`,
    {
      hint: 'the time at which the items were as they should be, e.g. version: "2026-11-20T12:00:00Z"',
    },
  );
}

/** The server's own time when it had the dataset; null when it does not say. */
async function checkDataset(api: LangfuseApi, name: string, signal: AbortSignal): Promise<string | null> {
  const path = `/api/public/v2/datasets/${encodeURIComponent(name)}`;
  const answer = await api.send({ method: "GET", path, accept: [404], signal });
  if (answer.status !== 404) {
    const date = Date.parse(answer.headers.get("date") ?? "");
    return Number.isNaN(date) ? null : new Date(date).toISOString();
  }
  throw new GateError("DATASET_INVALID", `langfuse: there is no dataset "${visibleLine(name, 80)}"`, {
    hint: "check the name, folders included, and that the keys are of the project that has it",
  });
}

function ignoredVersion(name: string, version: string): GateError {
  const what = `langfuse: of "${visibleLine(name, 80)}" as it was at ${version} the server shows items that are newer`;
  return new GateError("DATASET_INVALID", what, {
    hint: "this server cannot look back: pin the dataset by its digest instead",
  });
}

/** Datasets on Langfuse, pinned by a time: the server shows items as they were then. */
export function langfuseDatasets(api: LangfuseApi): DatasetSource {
  async function* items(
    name: string,
    version: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<PlatformItem, void, undefined> {
    const query = { datasetName: name, version: version ?? undefined };
    const listing = { path: "/api/public/dataset-items", limit: PAGE, query, signal };
    for await (const rows of numberedPages(api, item, listing)) {
      for (const { id, status, input, expectedOutput, metadata, createdAt } of rows) {
        if (status === "ARCHIVED") continue;
        const isNewer = version !== null && Date.parse(createdAt) > Date.parse(version);
        if (isNewer) throw ignoredVersion(name, version);
        yield { id, input, expectedOutput, metadata };
      }
    }
  }

  return {
    kind: "datasets",
    async open({ name, version }, signal) {
      checkVersion(version);
      const now = await checkDataset(api, name, signal);
      const state = version ?? now;
      return { version: state, items: items(name, state, signal) };
    },
  };
}
