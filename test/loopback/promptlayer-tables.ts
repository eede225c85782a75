import { randomUUID } from "node:crypto";
import { parse } from "csv-parse/sync";
import type { PlatformAnswer } from "./platform-server.ts";

interface StoredSheet {
  readonly id: string;
  readonly title: string;
  readonly operation: string;
  readonly rows: readonly Readonly<Record<string, string>>[];
  /** Looks at the operation until it is done. */
  looks: number;
}

interface StoredTable {
  readonly id: string;
  readonly title: string;
  readonly sheets: StoredSheet[];
}

const missing = (what: string): PlatformAnswer => ({
  status: 404,
  body: { success: false, message: `${what} not found` },
});

function inPages(rows: readonly object[], query: URLSearchParams): PlatformAnswer {
  const limit = Number(query.get("limit") ?? 20);
  const start = Number(query.get("cursor") ?? 0);
  const has_more = start + limit < rows.length;
  const next_cursor = has_more ? String(start + limit) : null;
  return { status: 200, body: { data: rows.slice(start, start + limit), next_cursor, has_more } };
}

/** Tables of one workspace; sheets made of files are filled after the call was answered. */
export function promptLayerTableShelf() {
  const tables: StoredTable[] = [];
  const habits = { failsToFill: false };
  const shown = ({ id, title, sheets }: StoredTable): object => ({ id, title, sheet_count: sheets.length });
  const stateOf = (sheet: StoredSheet): object => ({
    operation_id: sheet.operation,
    source: "file",
    status: sheet.looks > 0 ? "running" : habits.failsToFill ? "failed" : "completed",
    error_message: habits.failsToFill ? "line 3 is too long" : null,
  });

  return {
    tables,
    habits,
    /** Somebody makes a table in the web page. */
    add(title: string): void {
      tables.push({ id: randomUUID(), title, sheets: [] });
    },
    list(query: URLSearchParams): PlatformAnswer {
      const part = (query.get("name") ?? "").toLowerCase();
      return inPages(tables.filter(({ title }) => title.toLowerCase().includes(part)).map(shown), query);
    },
    create(body: unknown): PlatformAnswer {
      const { title } = body as { title: string };
      const table = { id: randomUUID(), title, sheets: [] };
      tables.push(table);
      return { status: 201, body: { success: true, message: "created", table: shown(table) } };
    },
    listSheets(id: string, query: URLSearchParams): PlatformAnswer {
      const sheets = tables.find((table) => table.id === id)?.sheets;
      if (sheets === undefined) return missing("Table");
      return inPages(
        sheets.map((sheet) => ({ id: sheet.id, title: sheet.title, row_count: sheet.rows.length })),
        query,
      );
    },
    createSheet(id: string, body: unknown): PlatformAnswer {
      const table = tables.find((one) => one.id === id);
      if (table === undefined) return missing("Table");
      const { title, operation_id, source } = body as {
        title: string;
        operation_id: string;
        source: { file_content_base64: string };
      };
      const file = Buffer.from(source.file_content_base64, "base64").toString("utf8");
      const rows = parse(file, { columns: true }) as unknown as Record<string, string>[];
      const sheet = { id: randomUUID(), title, operation: operation_id, rows, looks: 2 };
      table.sheets.push(sheet);
      return {
        status: 202,
        body: { success: true, message: "started", operation_id, operation: stateOf(sheet) },
      };
    },
    operation(id: string, operation: string): PlatformAnswer {
      const sheets = tables.find((table) => table.id === id)?.sheets ?? [];
      const sheet = sheets.find((one) => one.operation === operation);
      if (sheet === undefined) return missing("Operation");
      sheet.looks -= 1;
      return { status: 200, body: { success: true, operation: stateOf(sheet) } };
    },
  };
}
