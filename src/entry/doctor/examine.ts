import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { GateError } from "../../domain/errors.ts";
import type { Finding } from "../../domain/finding.ts";
import type { ModelSettings, Project } from "../../domain/project.ts";
import { ProblemsError, renderProblem } from "../../domain/problem.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import type { ProbeQuestion } from "../../domain/platform.ts";
import { openMetrics } from "../../metrics/index.ts";
import { isLocalProvider, probeModel } from "../../models/index.ts";
import { platforms } from "../../platforms/index.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { openPlatformOf } from "../platforms.ts";
import { loadProjectFrom, loadSettingsFrom, openRegistryOf, openStoreOf } from "../wire.ts";
import { look, problemOf } from "./findings.ts";
import { lookAtGitHub } from "./look-at-github.ts";
import { lookAtMetrics } from "./look-at-metrics.ts";
import { lookAtRegistry, lookAtStore } from "./look-at-registry.ts";
import { writableFinding } from "./writable.ts";

const SHOWN_PROBLEMS = 20;
const LABELS = ["production", "staging", "canary", "rollback"];

type Loaded =
  | { readonly kind: "project"; readonly project: Project; readonly findings: readonly Finding[] }
  /** The config is wrong somewhere; registry and store may be looked at all the same. */
  | { readonly kind: "broken"; readonly findings: readonly Finding[] };

async function load(context: CommandContext, options: CommonOptions): Promise<Loaded> {
  const subject = "config";
  try {
    const project = await loadProjectFrom(context, options, "warning", null);
    const message = `${visible(project.configFile)} and the files that it names are in order`;
    return { kind: "project", project, findings: [{ kind: "ok", subject, message }] };
  } catch (error) {
    const remedy = "correct it, then run promptgate validate";
    if (!(error instanceof ProblemsError)) {
      if (error instanceof GateError && error.code === "INTERRUPTED") throw error;
      return { kind: "broken", findings: [problemOf(subject, error)] };
    }
    const errors = error.problems.filter(({ severity }) => severity === "error").slice(0, SHOWN_PROBLEMS);
    const findings = errors.map((problem): Finding => ({
      kind: "problem",
      subject,
      message: visibleLine(renderProblem(problem), 400),
      remedy,
    }));
    return { kind: "broken", findings };
  }
}

/** Kinds of platforms that the project names, with what it wants of them. */
function platformsIn({ registry, metrics, platforms: named, prompts }: Project): Map<string, Set<string>> {
  const uses = new Map<string, Set<string>>();
  const add = (kind: string, use?: string): void => {
    if (!Object.hasOwn(platforms, kind)) return;
    const known = uses.get(kind) ?? new Set<string>();
    uses.set(kind, known);
    if (use !== undefined) known.add(use);
  };
  add(registry.kind, "registry");
  if (uses.has(metrics.source) || Object.hasOwn(named, metrics.source)) add(metrics.source, "metrics");
  for (const kind of Object.keys(named)) add(kind, "scores");
  for (const { pulledFrom } of prompts) if (pulledFrom !== null) add(pulledFrom.from, "datasets");
  return uses;
}

async function examinePlatforms(context: CommandContext, project: Project): Promise<Finding[]> {
  const findings: Finding[] = [];
  const prompts = project.prompts.map(({ name }) => name);
  for (const [kind, uses] of platformsIn(project)) {
    const question = { prompts, labels: LABELS, uses: uses as ProbeQuestion["uses"] };
    const seen = await look(kind, async () => {
      const platform = await openPlatformOf(project, kind, context);
      return platform.probe(question, context.signal);
    });
    findings.push(...seen);
  }
  return findings;
}

async function examineModels(context: CommandContext, project: Project): Promise<Finding[]> {
  const dependencies = {
    openaiApiKey: context.environment["OPENAI_API_KEY"],
    clock: context.clock,
    monotonic: () => performance.now(),
  };
  const examine = async ([name, settings]: [string, ModelSettings]): Promise<readonly Finding[]> => {
    const subject = `model ${visible(name)}`;
    if (isLocalProvider(settings.provider)) {
      return [
        { kind: "ok", subject, message: `${settings.provider} answers on this machine, without a key` },
      ];
    }
    return look(subject, () => probeModel(subject, settings, dependencies, context.signal));
  };
  return (await Promise.all(Object.entries(project.models).map(examine))).flat();
}

async function examineMetrics(context: CommandContext, project: Project): Promise<Finding[]> {
  const subject = `metrics ${project.metrics.source}`;
  const { metrics, root } = project;
  if (metrics.source === "jsonl" && !existsSync(resolve(root, metrics.path))) {
    const message = `there is no log of served requests at ${visibleLine(metrics.path, 200)} yet`;
    return [
      { kind: "warning", subject, message, remedy: "docs/metrics.md says how an application writes it" },
    ];
  }
  const findings: Finding[] = [];
  for (const prompt of project.prompts) {
    const seen = await look(subject, async () => {
      const source = openMetrics(project.metrics, project.root);
      const registry = openRegistryOf(project, context);
      return lookAtMetrics(subject, { source, registry }, prompt, context);
    });
    findings.push(...seen);
  }
  return findings;
}

async function examinePlaces(
  context: CommandContext,
  options: CommonOptions,
  loaded: Loaded,
): Promise<readonly Finding[]> {
  try {
    const settings = loaded.kind === "project" ? loaded.project : await loadSettingsFrom(context, options);
    const names = settings.prompts.map((prompt) => (typeof prompt === "string" ? prompt : prompt.name));
    const registry = `registry ${visible(settings.registry.kind)}`;
    const store = `store ${visible(settings.store.kind)}`;
    return [
      ...(await look(registry, async () =>
        lookAtRegistry(registry, openRegistryOf(settings, context), names),
      )),
      await writableFinding(registry, settings.root, settings.registry),
      ...(await look(store, async () => lookAtStore(store, openStoreOf(settings, context)))),
      await writableFinding(store, settings.root, settings.store),
    ].filter((finding) => finding !== null);
  } catch (error) {
    // Why they cannot be opened stands among the problems of the config.
    if (!(error instanceof GateError)) throw error;
    return [
      { kind: "skipped", subject: "registry and store", message: "the config does not say where they are" },
    ];
  }
}

/** Looks at everything that the project relies on, one after the other, and writes nothing. */
export async function examine(context: CommandContext, options: CommonOptions): Promise<Finding[]> {
  const loaded = await load(context, options);
  const findings: Finding[] = [...loaded.findings, ...(await examinePlaces(context, options, loaded))];
  if (loaded.kind === "project") {
    const { project } = loaded;
    findings.push(
      ...(await examinePlatforms(context, project)),
      ...(await examineModels(context, project)),
      ...(await examineMetrics(context, project)),
    );
  } else {
    const message = "not looked at while the config is wrong";
    findings.push({ kind: "skipped", subject: "models, metrics and platforms", message });
  }
  findings.push(...(await look("github", async () => lookAtGitHub(context))));
  return findings;
}
