import { GateError } from "../../domain/errors.ts";
import type { CaseEntry } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";

export interface CaseFilter {
  readonly filterTag: readonly string[];
  readonly filterId: readonly string[];
}

/** The cases that carry one of the tags or ids; all when there is no filter. An id that is not there is an error. */
export function selectCases(entries: readonly CaseEntry[], filter: CaseFilter): readonly CaseEntry[] {
  if (filter.filterTag.length === 0 && filter.filterId.length === 0) return entries;
  const ids = new Set(filter.filterId);
  const tags = new Set(filter.filterTag);
  const selected = entries.filter(({ id, tags: own }) => ids.has(id) || own.some((tag) => tags.has(tag)));
  const found = new Set(selected.map(({ id }) => id));
  const missing = filter.filterId.find((id) => !found.has(id));
  if (missing !== undefined)
    throw new GateError("USAGE", `the dataset has no case "${visibleLine(missing)}"`);
  if (selected.length === 0) {
    throw new GateError(
      "USAGE",
      `no case has the tag ${filter.filterTag.map((tag) => `"${visibleLine(tag)}"`).join(" or ")}`,
    );
  }
  return selected;
}
