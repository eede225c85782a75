import type { Problem } from "../domain/problem.ts";
import { judgesOf, type Rubric } from "../domain/rubric.ts";
import { visibleLine } from "../domain/visible.ts";
import type { WrittenConfig } from "./config-schema.ts";
import type { ReadPart } from "./gate-rules.ts";
import { suggestion } from "./known-keys.ts";
import { problemAt, type Path, type SourceDocument } from "./source-document.ts";

type Models = WrittenConfig["models"];

/** The entry that a name means: a key of `models`, or a model id that one of them has. */
function modelOf(models: Models, name: string): Models[string] | undefined {
  return Object.hasOwn(models, name)
    ? models[name]
    : Object.values(models).find(({ model }) => model === name);
}

function unknownModel(models: Models, name: string): string | null {
  if (modelOf(models, name) !== undefined) return null;
  const known = [...Object.keys(models), ...Object.values(models).map(({ model }) => model)];
  return `the config has no model "${visibleLine(name, 60)}" under models${suggestion(name, known)}`;
}

/** The judges of a rubric and where it names them. */
function judgePlaces(rubric: Rubric | null): { readonly model: string; readonly path: Path }[] {
  if (rubric === null) return [];
  return judgesOf(rubric).map((model, index) => ({
    model,
    path: rubric.panel === undefined ? ["model"] : ["panel", index],
  }));
}

/** Prompts and rubrics name models that the config has. */
export function modelProblems(models: Models, part: ReadPart): Problem[] {
  const users: { document: SourceDocument | null | undefined; model: string | undefined; path: Path }[] = [
    {
      document: part.prompt?.document,
      model: part.prompt?.value?.template.model,
      path: ["model"],
    },
    ...part.rubrics.flatMap(({ checked: { value, document } }) =>
      judgePlaces(value).map(({ model, path }) => ({ document, model, path })),
    ),
  ];
  return users.flatMap(({ document, model, path }) => {
    if (document === null || document === undefined || model === undefined) return [];
    const message = unknownModel(models, model);
    return message === null ? [] : [problemAt(document, { path }, message)];
  });
}

/** Models prefer their own answers: a judge is another model than the candidate's unless the rubric allows it. */
export function selfGradingProblems(models: Models, part: ReadPart): Problem[] {
  const own = modelOf(models, part.prompt?.value?.template.model ?? "");
  if (own === undefined) return [];
  return part.rubrics.flatMap(({ checked: { value, document } }) => {
    if (value === null || document === null || value.allowSelfGrading) return [];
    return judgePlaces(value).flatMap(({ model, path }) => {
      const judge = modelOf(models, model);
      if (judge?.provider !== own.provider || judge.model !== own.model) return [];
      const message = `${visibleLine(own.model, 60)} would judge its own answers to ${part.name}: choose another model, or set allowSelfGrading: true`;
      return [problemAt(document, { path }, message)];
    });
  });
}

/** An alias moves to another model under a gate's feet. */
export function aliasWarnings(document: SourceDocument, { models }: WrittenConfig): Problem[] {
  return Object.entries(models)
    .filter(([, { model }]) => /(?:^|[-:@/])latest$/i.test(model))
    .map(([name, { model }]) =>
      problemAt(
        document,
        { path: ["models", name, "model"], severity: "warning" },
        `${visibleLine(model, 60)} may change without notice: name a snapshot, so that runs can be compared`,
      ),
    );
}

/** A gate on cost measures nothing without a price. */
export function priceWarnings(
  document: SourceDocument,
  { models }: WrittenConfig,
  part: ReadPart,
): Problem[] {
  const own = modelOf(models, part.prompt?.value?.template.model ?? "");
  const gate = Object.hasOwn(part.written.gates, "cost") ? part.written.gates["cost"] : undefined;
  if (own === undefined || own.price !== undefined || gate === undefined || gate.level === "off") return [];
  const message = `the model of ${part.name} has no price: without one, costs are known only from stored outputs`;
  const path = ["prompts", part.name, "gates", "cost"];
  return [problemAt(document, { path, target: "key", severity: "warning" }, message)];
}
