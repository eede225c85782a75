import { GateError } from "../../domain/errors.ts";
import type { Project, PromptProject } from "../../domain/project.ts";
import type { PromptTemplate } from "../../domain/prompt.ts";
import type { Registry } from "../../domain/registry.ts";
import { TIERS, type ChangeFinding, type Tier } from "../../domain/tier.ts";
import { visible } from "../../domain/visible.ts";
import type { ModelIdentity } from "../../gate/change-model.ts";
import { findChanges } from "../../gate/changes.ts";
import { declaredTier, requiredTier } from "../../gate/required-tier.ts";
import { paint } from "../../report/paint.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { modelSettingsOf, resolveCandidate, type ResolvedVersion } from "../gate/resolve-versions.ts";
import { promptOf } from "../registry/known-prompts.ts";
import { alignedLines } from "../registry/lines.ts";
import { measureVersions, type MeasuredMetric } from "../registry/measure-versions.ts";
import { diffSections, sectionLines, unifiedText, type DiffSection } from "../registry/render-diff.ts";
import { sideBySideLines } from "../registry/side-by-side.ts";
import { loadProjectFrom, openRegistryOf } from "../wire.ts";

export interface DiffOptions extends CommonOptions {
  readonly prompt: string;
  /** A version, a label, `latest` or a prompt file. */
  readonly a: string;
  readonly b: string;
}

interface Scope {
  readonly cwd: string;
  readonly project: Project;
  readonly prompt: PromptProject;
  readonly registry: Registry;
}

interface PromptDiff {
  readonly before: ResolvedVersion;
  readonly after: ResolvedVersion;
  readonly declared: Tier | null;
  readonly required: Tier | null;
  readonly findings: readonly ChangeFinding[];
  readonly sections: readonly DiffSection[];
  /** Of both versions in production. */
  readonly metrics: readonly MeasuredMetric[];
}

async function resolveSide(scope: Scope, reference: string): Promise<ResolvedVersion> {
  if (reference !== "latest") return resolveCandidate(scope, reference);
  const latest = await scope.registry.readVersion(scope.prompt.name, { kind: "latest" });
  if (latest !== null) return resolveCandidate(scope, latest.version);
  throw new GateError("VERSION_NOT_FOUND", `nothing of prompt ${scope.prompt.name} is published yet`, {
    hint: `promptgate publish ${scope.prompt.name}`,
  });
}

/** Old versions may name a model that left the config: nothing is known of it but its name, so it equals itself alone. */
function modelOf(project: Project, template: PromptTemplate): ModelIdentity {
  try {
    return modelSettingsOf(project, template);
  } catch (error) {
    if (error instanceof GateError && error.code === "CONFIG_INVALID") {
      return { provider: "unknown", model: template.model };
    }
    throw error;
  }
}

function compareVersions(
  project: Project,
  before: ResolvedVersion,
  after: ResolvedVersion,
): Omit<PromptDiff, "metrics"> {
  const findings = findChanges(before.source, after.source, {
    baselineModel: modelOf(project, before.source.template),
    candidateModel: modelOf(project, after.source.template),
  });
  return {
    before,
    after,
    declared: declaredTier(before.source.version, after.source.version),
    required: requiredTier(findings),
    findings,
    sections: diffSections(before.source.template, after.source.template),
  };
}

function sideDocument({ source, digest, label, origin }: ResolvedVersion): Record<string, unknown> {
  return { version: source.version, digest, label, origin };
}

function sideTitle({ source, origin }: ResolvedVersion): string {
  return visible(`${source.version} (${origin})`);
}

function settingsOf({ source }: ResolvedVersion): Record<string, unknown> {
  const { model, modelParameters, responseFormat } = source.template;
  return { model, modelParameters, responseFormat };
}

function document(prompt: string, diff: PromptDiff): Record<string, unknown> {
  return {
    schema: "promptgate/diff@1",
    prompt,
    a: sideDocument(diff.before),
    b: sideDocument(diff.after),
    tier: { declared: diff.declared, required: diff.required },
    findings: diff.findings,
    changes: diff.sections.map((section) => ({
      path: section.path,
      before: section.before,
      after: section.after,
      unified: unifiedText(section),
    })),
    settings: { a: settingsOf(diff.before), b: settingsOf(diff.after) },
    metrics: diff.metrics.map(({ metric, versions }) => ({
      ...metric,
      a: versions[diff.before.source.version],
      b: versions[diff.after.source.version],
    })),
  };
}

function lines(prompt: string, diff: PromptDiff, color: boolean): string[] {
  const { before, after, declared, required, findings, sections } = diff;
  const title = paint(color, `${visible(prompt)}: ${sideTitle(before)} -> ${sideTitle(after)}`, "bold");
  const table = ["", ...sideBySideLines(before.source, after.source, diff.metrics)];
  if (required === null) return [title, "no change of behaviour", ...table];
  const numbers =
    declared === null ? "the version number does not go up" : `the version number declares ${declared}`;
  const ordered = findings.toSorted((left, right) => TIERS.indexOf(right.tier) - TIERS.indexOf(left.tier));
  return [
    title,
    `required tier: ${required}; ${numbers}`,
    "",
    ...alignedLines(ordered.map(({ tier, message }) => [tier, message])).map((line) => `  ${line}`),
    ...sections.flatMap((section) => ["", ...sectionLines(section, color)]),
    ...table,
  ];
}

/** `diff`: what changed between two versions, the tier that it asks for, and what production showed of both. */
export async function runDiff(context: CommandContext, options: DiffOptions): Promise<ExitCode> {
  const project = await loadProjectFrom(context, options, "error", null);
  const prompt = promptOf(project, options.prompt);
  const scope = { cwd: context.cwd, project, prompt, registry: openRegistryOf(project, context) };
  const before = await resolveSide(scope, options.a);
  const after = await resolveSide(scope, options.b);
  const versions = [before.source.version, after.source.version];
  const metrics = await measureVersions(context, project, prompt, versions);
  const diff = { ...compareVersions(project, before, after), metrics };
  context.print(
    options.json
      ? JSON.stringify(document(prompt.name, diff), null, 2)
      : lines(prompt.name, diff, context.terminal.color).join("\n"),
  );
  return 0;
}
