import { posix } from "node:path";
import { GateError } from "../../domain/errors.ts";
import type { ModelSettings, Project, PromptProject } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import { CANDIDATE_FOLDER } from "./workspace.ts";

interface MergeTarget {
  /** Absolute path of the folder that holds the base's files and, under `.candidate`, the candidate's. */
  readonly root: string;
  /** Today as `YYYY-MM-DD` in UTC. */
  readonly today: string;
}

function candidateFile(file: string): string {
  return posix.join(CANDIDATE_FOLDER, file);
}

/**
 * Models of both: of two entries with one name the base's counts. Throws `CONFIG_INVALID` for a new model at an address
 * that the base does not know: a key would be sent there before anybody has looked at it.
 */
function mergedModels(base: Project, head: Project): Readonly<Record<string, ModelSettings>> {
  const known = new Set(Object.values(base.models).map(({ baseUrl }) => baseUrl));
  for (const [key, { baseUrl }] of Object.entries(head.models)) {
    if (Object.hasOwn(base.models, key) || baseUrl === undefined || known.has(baseUrl)) continue;
    throw new GateError(
      "CONFIG_INVALID",
      `models.${visibleLine(key, 60)} names an address that the base revision does not know: ${visibleLine(baseUrl, 120)}`,
      { hint: "merge the model first, in a change of its own: prompts and keys would be sent there" },
    );
  }
  return { ...head.models, ...base.models };
}

/** The candidate's prompt and cases under the rules of the base; a prompt that is new brings its own rules. */
function mergedPrompt(head: PromptProject, base: PromptProject | undefined, today: string): PromptProject {
  const { name, cases } = head;
  const rules = base ?? head;
  return {
    ...rules,
    name,
    cases,
    file: candidateFile(head.file),
    dataset: head.dataset === null ? null : candidateFile(head.dataset),
    pulledFrom: head.pulledFrom,
    waivers: rules.waivers.filter(({ expires }) => expires >= today),
  };
}

/** The head's prompts and datasets under the base's policy, rules, judges, waivers, registry and budget. */
export function mergeProjects(base: Project, head: Project, { root, today }: MergeTarget): Project {
  const rules = new Map(base.prompts.map((prompt) => [prompt.name, prompt]));
  return {
    ...base,
    root,
    models: mergedModels(base, head),
    prompts: head.prompts.map((prompt) => mergedPrompt(prompt, rules.get(prompt.name), today)),
    warnings: head.warnings,
  };
}
