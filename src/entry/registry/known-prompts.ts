import { suggestion } from "../../config/known-keys.ts";
import { GateError } from "../../domain/errors.ts";
import type { Project, PromptProject } from "../../domain/project.ts";
import type { Page, PageRequest, Registry } from "../../domain/registry.ts";
import { visibleLine } from "../../domain/visible.ts";

const LARGEST_PAGE = 1000;

/** Every entry of a listing. */
export async function allPages<Item>(list: (page: PageRequest) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let page = await list({ limit: LARGEST_PAGE });
  for (;;) {
    items.push(...page.items);
    if (page.next === null) return items;
    page = await list({ limit: LARGEST_PAGE, cursor: page.next });
  }
}

function unknownPrompt(name: string, known: readonly string[]): GateError {
  const shown = known.map((candidate) => visibleLine(candidate)).join(", ");
  return new GateError(
    "USAGE",
    `there is no prompt "${visibleLine(name)}"${visibleLine(suggestion(name, known))}`,
    {
      hint: known.length === 0 ? "add one to `prompts` in the config" : `there are: ${shown}`,
    },
  );
}

/** A prompt of the config. Throws `USAGE` with the nearest name when there is none. */
export function promptOf(project: Project, name: string): PromptProject {
  const prompt = project.prompts.find((candidate) => candidate.name === name);
  if (prompt !== undefined) return prompt;
  throw unknownPrompt(
    name,
    project.prompts.map((candidate) => candidate.name),
  );
}

/** Names in the config, then those that only the registry knows; with `wanted` that one alone, or `USAGE`. */
export async function promptNames(
  project: Project,
  registry: Registry,
  wanted: string | undefined,
): Promise<string[]> {
  const configured = project.prompts.map((prompt) => prompt.name);
  const stored = await allPages((page) => registry.listPrompts(page));
  const known = [...new Set([...configured, ...stored])];
  if (wanted === undefined) return known;
  if (known.includes(wanted)) return [wanted];
  throw unknownPrompt(wanted, known);
}
