import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { stableId, type DatasetSource, type PlatformItem } from "../domain/platform.ts";
import { visibleLine } from "../domain/visible.ts";
import type { PlatformApi } from "../http/platform-api.ts";

const PAGE = 100;
/** Columns that are no variables of a case. */
const EXPECTED = ["expected", "expected_output"];
const OWN = new Set(["id", "metadata", ...EXPECTED]);

const datasetPage = z.object({
  datasets: z.array(
    z.object({
      id: z.int().positive(),
      version_number: z.int(),
      is_deleted: z.boolean(),
      dataset_group: z.object({ name: z.string() }).nullish(),
    }),
  ),
  pages: z.int().nonnegative(),
});
const rowPage = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.object({ value: z.unknown() }))),
  pages: z.int().nonnegative(),
});

interface DatasetVersion {
  readonly id: number;
  readonly number: number;
}

/** Versions of a dataset; drafts have no number above 0. */
async function versionsOf(api: PlatformApi, name: string, signal: AbortSignal): Promise<DatasetVersion[]> {
  const versions: DatasetVersion[] = [];
  for (let page = 1; ; page += 1) {
    const order = { sort_by: "id", sort_order: "asc" };
    const query = { name, status: "active", page, per_page: PAGE, ...order };
    const answer = await api.send({ method: "GET", path: "/api/public/v2/datasets", query, signal });
    const { datasets, pages } = api.read(datasetPage, answer);
    // Other names have this one as a part.
    const own = datasets.filter((one) => one.dataset_group?.name === name && !one.is_deleted);
    versions.push(...own.map(({ id, version_number }) => ({ id, number: version_number })));
    if (page >= pages || datasets.length === 0) return versions.filter(({ number }) => number > 0);
  }
}

function chosen(
  name: string,
  versions: readonly DatasetVersion[],
  wanted: string | undefined,
): DatasetVersion {
  const newest = versions.toSorted((left, right) => right.number - left.number)[0];
  const title = visibleLine(name, 80);
  if (newest === undefined) {
    throw new GateError("DATASET_INVALID", `promptlayer: there is no dataset "${title}"`, {
      hint: "check the name, and that the key is of the workspace that has it; a draft has to be saved first",
    });
  }
  const found =
    wanted === undefined ? newest : versions.find(({ number }) => String(number) === wanted.trim());
  if (found !== undefined) return found;
  const what = `promptlayer: dataset "${title}" has no version ${visibleLine(wanted ?? "", 60)}`;
  throw new GateError("DATASET_INVALID", what, {
    hint: `versions are numbers from 1; the newest is ${newest.number}`,
  });
}

/** JSON in a text, as files bring it in; any other value as it is. */
function unpacked(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[{[]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function itemOf(columns: readonly string[], cells: readonly { readonly value: unknown }[]): PlatformItem {
  const row = new Map(columns.map((column, at) => [column, cells[at]?.value]));
  const input = Object.fromEntries([...row].filter(([column]) => !OWN.has(column)));
  const id = row.get("id");
  const named = typeof id === "string" || typeof id === "number" ? String(id) : "";
  const expected = EXPECTED.map((column) => row.get(column)).find((value) => (value ?? "") !== "");
  const metadata = unpacked(row.get("metadata"));
  return {
    // Rows have no name of their own: one that says none is named by what it asks.
    id: named === "" ? stableId(12, JSON.stringify(input)) : named,
    input,
    ...(expected === undefined ? {} : { expectedOutput: expected }),
    ...((metadata ?? "") === "" ? {} : { metadata }),
  };
}

/** Datasets on PromptLayer, pinned by the number of a version; a version never changes. */
export function promptLayerDatasets(api: PlatformApi): DatasetSource {
  async function* items(id: number, signal: AbortSignal): AsyncGenerator<PlatformItem, void, undefined> {
    const path = `/api/public/v2/datasets/${id}/rows`;
    for (let page = 1; ; page += 1) {
      const answer = await api.send({ method: "GET", path, query: { page, per_page: PAGE }, signal });
      const { columns, rows, pages } = api.read(rowPage, answer);
      for (const cells of rows) yield itemOf(columns, cells);
      if (page >= pages || rows.length === 0) return;
    }
  }

  return {
    kind: "datasets",
    async open({ name, version }, signal) {
      const { id, number } = chosen(name, await versionsOf(api, name, signal), version);
      return { version: String(number), items: items(id, signal) };
    },
  };
}
