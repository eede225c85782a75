import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { DatasetSource, PlatformItem } from "../domain/platform.ts";
import { visibleLine } from "../domain/visible.ts";
import { findDataset } from "../http/langsmith-datasets.ts";
import type { PlatformApi } from "../http/platform-api.ts";

const PAGE = 100;
const MOST_PAGES = 2000;

const INSTANT = z.iso.datetime({ offset: true });

const example = z.object({
  id: z.string(),
  inputs: z.unknown(),
  outputs: z.record(z.string(), z.unknown()).nullish(),
  metadata: z.unknown().optional(),
});
const versionRow = z.object({ as_of: z.string() });

/** Outputs are always a mapping there: one text in it is meant for itself, and none says nothing. */
function expectedOf(outputs: z.infer<typeof example>["outputs"]): unknown {
  const values = Object.values(outputs ?? {});
  if (values.length === 0) return undefined;
  return values.length === 1 && typeof values[0] === "string" ? values[0] : outputs;
}

const ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i;

/** The time of a version that has a tag, `latest` among them, as the server writes it; null when nothing has the tag. */
async function taggedVersion(
  api: PlatformApi,
  dataset: string,
  tag: string,
  signal: AbortSignal,
): Promise<string | null> {
  const path = `/datasets/${dataset}/version`;
  const answer = await api.send({ method: "GET", path, query: { tag }, accept: [404], signal });
  if (answer.status === 404) return null;
  const { as_of: time } = api.read(versionRow, answer);
  return ZONE.test(time) ? time : `${time}Z`;
}

function unknownVersion(name: string, version: string): GateError {
  const what = `langsmith: "${visibleLine(name, 80)}" has no version "${visibleLine(version, 60)}"`;
  return new GateError("DATASET_INVALID", what, {
    hint: 'a version is a tag of the dataset, or a time such as "2026-11-20T12:00:00Z"',
  });
}

/** Datasets on LangSmith, pinned by a time or by a tag, which is a name for one. */
export function langsmithDatasets(api: PlatformApi): DatasetSource {
  async function* items(
    dataset: string,
    version: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<PlatformItem, void, undefined> {
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const place = { order: "id", limit: PAGE, offset: page * PAGE };
      const query = { dataset, ...(version === null ? {} : { as_of: version }), ...place };
      const answer = await api.send({ method: "GET", path: "/examples", query, signal });
      const rows = api.read(z.array(example), answer);
      for (const { id, inputs, outputs, metadata } of rows) {
        yield { id, input: inputs, expectedOutput: expectedOf(outputs), metadata };
      }
      if (rows.length < PAGE) return;
    }
    throw new GateError(
      "DATASET_INVALID",
      `langsmith: a dataset of more than ${MOST_PAGES * PAGE} examples`,
      {
        hint: "a gate needs some hundreds: make a dataset of those",
      },
    );
  }

  return {
    kind: "datasets",
    async open({ name, version }, signal) {
      const dataset = await findDataset(api, name, signal);
      const isTime = version !== undefined && INSTANT.safeParse(version).success;
      const time = isTime ? version : await taggedVersion(api, dataset, version ?? "latest", signal);
      if (time === null && version !== undefined) throw unknownVersion(name, version);
      return { version: time, items: items(dataset, time, signal) };
    },
  };
}
