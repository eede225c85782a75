import { canonicalJson } from "../domain/digest.ts";
import { promptDigest, type PromptSource, type PromptTemplate, type Tool } from "../domain/prompt.ts";
import { templateVariables } from "../domain/template.ts";
import type { ChangeFinding, Tier } from "../domain/tier.ts";
import { visibleLine } from "../domain/visible.ts";
import { isSameFamily, type ModelIdentity } from "./change-model.ts";
import { schemaChanges } from "./change-schema.ts";
import { textChanges, type TextChange } from "./change-text.ts";

export interface ComparedModels {
  readonly baselineModel: ModelIdentity;
  readonly candidateModel: ModelIdentity;
}

function finding(tier: Tier, path: string, message: string): ChangeFinding {
  return { tier, path, message };
}

function variableFindings(before: PromptTemplate, after: PromptTemplate): ChangeFinding[] {
  const [old, fresh] = [templateVariables(before), templateVariables(after)];
  const removed = old.filter((name) => !fresh.includes(name));
  const added = fresh.filter((name) => !old.includes(name));
  if (removed.length === 1 && added.length === 1) {
    return [finding("major", "variables", `variable {{${removed[0]}}} was replaced by {{${added[0]}}}`)];
  }
  return [
    ...removed.map((name) => finding("major", "variables", `variable {{${name}}} was removed`)),
    ...added.map((name) => finding("major", "variables", `variable {{${name}}} was added`)),
  ];
}

function quotedList(items: readonly string[]): string {
  return items.map((item) => (item.startsWith('"') ? item : `"${item}"`)).join(", ");
}

function ruleSentence(removed: readonly string[], added: readonly string[]): string {
  const verb = removed.length + added.length === 1 ? "was" : "were";
  if (removed.length === 0) return `${quotedList(added)} ${verb} added`;
  if (added.length === 0) return `${quotedList(removed)} ${verb} removed`;
  if (removed.toSorted().join() === added.toSorted().join()) return `${quotedList(removed)} moved`;
  return `${quotedList(removed)} became ${quotedList(added)}`;
}

function textFinding(change: TextChange, path: string, where: string): ChangeFinding {
  switch (change.kind) {
    case "added":
    case "removed":
      return finding(
        "minor",
        path,
        `${where}: sentence ${change.kind}: “${visibleLine(change.sentence, 120)}”`,
      );
    case "rule": {
      const what = visibleLine(ruleSentence(change.removed, change.added), 120);
      return finding("minor", path, `${where}: ${what} in “${visibleLine(change.sentence, 120)}”`);
    }
    case "clause":
      return finding(
        "minor",
        path,
        `${where}: clause added or removed in “${visibleLine(change.sentence, 120)}”`,
      );
    case "wording":
      return finding("patch", path, `${where}: wording changed in “${visibleLine(change.sentence, 120)}”`);
    case "spacing":
      return finding("patch", path, `${where}: only white space changed`);
    case "rewritten":
      return finding("minor", path, `${where}: the text was rewritten`);
  }
}

function messageFindings(
  { messages: before }: PromptTemplate,
  { messages: after }: PromptTemplate,
): ChangeFinding[] {
  const [old, fresh] = [before, after].map((messages) => messages.map(({ role }) => role).join(", "));
  if (old !== fresh) {
    return [finding("major", "messages", `the roles of the messages changed from ${old} to ${fresh}`)];
  }
  const moved = after.findIndex(
    ({ content }, index) =>
      content !== before[index]?.content &&
      before.some((other, place) => other.content === content && after[place]?.content !== content),
  );
  const order = finding(
    "major",
    "messages",
    `the order of the messages changed: message ${moved + 1} moved there`,
  );
  const texts = after.flatMap(({ role, content }, index) =>
    textChanges(before[index]?.content ?? "", content).map((change) =>
      textFinding(change, `messages[${index}]`, `message ${index + 1} (${role})`),
    ),
  );
  return moved < 0 ? texts : [order, ...texts];
}

function shown(value: unknown): string {
  return value === undefined ? "the model's default" : visibleLine(JSON.stringify(value), 60);
}

function parameterFindings(before: PromptTemplate, after: PromptTemplate): ChangeFinding[] {
  const old: Readonly<Record<string, unknown>> = { ...before.modelParameters };
  const fresh: Readonly<Record<string, unknown>> = { ...after.modelParameters };
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])]
    .filter((name) => canonicalJson([old[name] ?? null]) !== canonicalJson([fresh[name] ?? null]))
    .map((name) => {
      const path = `modelParameters.${name}`;
      return finding("minor", path, `${path} changed from ${shown(old[name])} to ${shown(fresh[name])}`);
    });
}

function modelName({ provider, model }: ModelIdentity): string {
  return visibleLine(`${provider}:${model}`, 100);
}

function modelFindings(
  before: PromptTemplate,
  after: PromptTemplate,
  { baselineModel, candidateModel }: ComparedModels,
): ChangeFinding[] {
  const change = `from ${modelName(baselineModel)} to ${modelName(candidateModel)}`;
  if (!isSameFamily(baselineModel, candidateModel)) {
    return [finding("major", "model", `another model family: ${change}`)];
  }
  if (baselineModel.model !== candidateModel.model) {
    return [finding("minor", "model", `the model snapshot changed ${change}`)];
  }
  if (before.model === after.model) return [];
  const entries = `from "${visibleLine(before.model, 60)}" to "${visibleLine(after.model, 60)}"`;
  return [
    finding(
      "minor",
      "model",
      `the model's entry in the config changed ${entries}; both are ${modelName(candidateModel)}`,
    ),
  ];
}

function formatFindings(before: PromptTemplate, after: PromptTemplate): ChangeFinding[] {
  if (before.responseFormat !== after.responseFormat) {
    const change = `changed from ${before.responseFormat} to ${after.responseFormat}`;
    return [finding("major", "responseFormat", `the response format ${change}`)];
  }
  return schemaChanges(before.jsonSchema, after.jsonSchema, "jsonSchema");
}

function toolFinding(tier: Tier, { name }: Tool, message: string): ChangeFinding {
  const path = visibleLine(`tools.${name}`, 100);
  return finding(tier, path, `${path}: ${message}`);
}

function changedTool(before: Tool, after: Tool): ChangeFinding[] {
  const path = visibleLine(`tools.${after.name}.parameters`, 100);
  return [
    ...(before.description === after.description
      ? []
      : [toolFinding("minor", after, "the description changed")]),
    ...schemaChanges(before.parameters, after.parameters, path),
  ];
}

function toolFindings({ tools: before }: PromptTemplate, { tools: after }: PromptTemplate): ChangeFinding[] {
  const old = new Map(before.map((tool) => [tool.name, tool]));
  const fresh = new Map(after.map((tool) => [tool.name, tool]));
  const removed = before.filter(({ name }) => !fresh.has(name));
  const found = [
    ...removed.map((tool) => toolFinding("major", tool, "the tool was removed")),
    ...after.flatMap((tool) => {
      const earlier = old.get(tool.name);
      if (earlier !== undefined) return changedTool(earlier, tool);
      return [toolFinding("major", tool, "a tool was added, which the application must know")];
    }),
  ];
  const reordered = found.length === 0 && before.some(({ name }, index) => after[index]?.name !== name);
  return reordered ? [finding("minor", "tools", "the order of the tools changed")] : found;
}

/**
 * What changed in behaviour between two versions, and the tier that each change asks for. Empty when the digests and
 * the resolved models are the same; a difference that no rule describes is major, never overlooked.
 */
export function findChanges(
  baseline: PromptSource,
  candidate: PromptSource,
  models: ComparedModels,
): ChangeFinding[] {
  const [before, after] = [baseline.template, candidate.template];
  const names = `from "${visibleLine(baseline.name, 100)}" to "${visibleLine(candidate.name, 100)}"`;
  const found = [
    ...(baseline.name === candidate.name
      ? []
      : [finding("major", "name", `the prompt was renamed ${names}`)]),
    ...variableFindings(before, after),
    ...formatFindings(before, after),
    ...toolFindings(before, after),
    ...modelFindings(before, after, models),
    ...messageFindings(before, after),
    ...parameterFindings(before, after),
  ];
  if (found.length > 0 || promptDigest(before) === promptDigest(after)) return found;
  return [finding("major", "template", "the prompt changed in a way that no rule describes")];
}
