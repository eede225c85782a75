import type { PlatformAnswer } from "./platform-server.ts";

interface StoredDataset {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  isDeleted: boolean;
}

/** Datasets of one workspace: every change makes a version of all rows, and no version changes. */
export function promptLayerDatasetShelf() {
  const stored: StoredDataset[] = [];
  const newest = (name: string): StoredDataset | undefined => stored.findLast((one) => one.name === name);

  /** A whole version, as from a file; a draft is version -1. */
  function add(
    name: string,
    rows: readonly Readonly<Record<string, unknown>>[],
    version = (newest(name)?.version ?? 0) + 1,
  ): void {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    stored.push({ id: stored.length + 1, name, version, columns, rows, isDeleted: false });
  }

  return {
    add,
    /** Adds a row, or replaces the one with its id, in a new version. */
    put(name: string, row: Readonly<Record<string, unknown>>): void {
      const rows = newest(name)?.rows ?? [];
      const isKnown = rows.some(({ id }) => id === row["id"]);
      add(name, isKnown ? rows.map((one) => (one["id"] === row["id"] ? row : one)) : [...rows, row]);
    },
    remove(name: string): void {
      for (const one of stored) if (one.name === name) one.isDeleted = true;
    },
    list(query: URLSearchParams): PlatformAnswer {
      const page = Number(query.get("page") ?? 1);
      const perPage = Number(query.get("per_page") ?? 10);
      const part = (query.get("name") ?? "").toLowerCase();
      const found = stored.filter((one) => !one.isDeleted && one.name.toLowerCase().includes(part));
      const datasets = found.slice((page - 1) * perPage, page * perPage).map((one) => ({
        id: one.id,
        dataset_group_id: 1,
        version_number: one.version,
        column_names: one.columns,
        is_deleted: one.isDeleted,
        user_id: 1,
        dataset_group: { id: 1, name: one.name, workspace_id: 1, is_deleted: false },
      }));
      const place = {
        page,
        per_page: perPage,
        total: found.length,
        pages: Math.ceil(found.length / perPage),
      };
      return { status: 200, body: { success: true, message: "success", datasets, ...place } };
    },
    rows(id: number, query: URLSearchParams): PlatformAnswer {
      const dataset = stored.find((one) => one.id === id);
      if (dataset === undefined) return { status: 404, text: "Dataset not found" };
      const page = Number(query.get("page") ?? 1);
      const perPage = Number(query.get("per_page") ?? 10);
      const { columns, rows } = dataset;
      const shown = rows
        .slice((page - 1) * perPage, page * perPage)
        .map((row) => columns.map((column) => ({ type: "dataset", value: row[column] ?? "" })));
      const place = { page, per_page: perPage, total: rows.length, pages: Math.ceil(rows.length / perPage) };
      return { status: 200, body: { success: true, message: "success", columns, rows: shown, ...place } };
    },
  };
}
