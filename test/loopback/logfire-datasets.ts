import { randomUUID } from "node:crypto";

interface StoredCase {
  readonly id: string;
  readonly name: string | null;
  readonly inputs: unknown;
  readonly expected_output: unknown;
  readonly metadata: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Datasets of one project on Logfire: as they are now, in no pages and no versions. */
export function logfireDatasetShelf() {
  const datasets = new Map<string, { readonly id: string; readonly cases: Map<string, StoredCase> }>();

  return {
    /** Adds a case, or replaces the one of that name; null = it has none. */
    put(dataset: string, written: Omit<StoredCase, "id">): void {
      const known = datasets.get(dataset) ?? { id: randomUUID(), cases: new Map<string, StoredCase>() };
      datasets.set(dataset, known);
      const id = randomUUID();
      known.cases.set(written.name ?? id, { id, ...structuredClone(written) });
    },
    idsOf: (dataset: string): string[] =>
      [...(datasets.get(dataset)?.cases.values() ?? [])].map(({ id }) => id),
    answer(path: string): Answer {
      if (path === "/v1/datasets/") {
        const body = [...datasets].map(([name, { id, cases }]) => ({ id, name, case_count: cases.size }));
        return { status: 200, body };
      }
      const id = /^\/v1\/datasets\/([0-9a-f-]{36})\/cases\/$/.exec(path)?.[1];
      const found = [...datasets.values()].find((one) => one.id === id);
      if (found === undefined) return { status: 404, body: { detail: "Dataset not found" } };
      return { status: 200, body: [...found.cases.values()] };
    },
  };
}
