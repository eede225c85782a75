import { constants, existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { calibrationRecordFile } from "../../config/calibration-record.ts";
import { pathInside } from "../../config/text-file.ts";
import type { Digest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { Project } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import { storageError } from "../../files/storage.ts";
import type { CommandContext } from "../context.ts";
import { pullFrom } from "../datasets/pull.ts";
import { errorExitCodes } from "../exit-codes.ts";
import { loadProjectFrom } from "../wire.ts";
import { compareProjects, type ProjectComparison } from "./compare-projects.ts";
import { gitText } from "./git.ts";
import { materialise } from "./materialise.ts";
import { missingVariables, withPlaceholders } from "./missing-variables.ts";
import { mergeProjects } from "./merge-projects.ts";
import type { Revision } from "./revision.ts";
import { snapshotOf } from "./snapshot.ts";
import { CANDIDATE_FOLDER } from "./workspace.ts";

/** Whose rules a gate follows. */
export type RuleSource =
  | { readonly kind: "base"; readonly commit: string }
  /** The base has no config: the rules are the candidate's own, and nobody has reviewed them yet. */
  | { readonly kind: "adoption"; readonly commit: string }
  /** The base has one that cannot be used. */
  | { readonly kind: "unreadable"; readonly commit: string; readonly reason: string }
  /** There is nothing to compare with: every prompt is taken as new. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface OpenedComparison {
  /** With the cases of platforms, which the input may lack. */
  readonly head: Project;
  readonly comparison: ProjectComparison;
  readonly rules: RuleSource;
  /** The head's prompts and datasets under the base's rules, in a folder outside the checkout. */
  readonly project: Project;
  /** Where versions and labels are. Files are those of the base; anything else is reached from the checkout. */
  readonly registry: Pick<Project, "registry" | "root">;
  /** Of everything that decides in the head revision. */
  readonly digest: Digest;
  /** Environment variables that the base's config refers to and that are not set: its models cannot be asked. */
  readonly missing: readonly string[];
}

export interface ComparisonInput {
  readonly context: CommandContext;
  /** The cases of platforms may be unread: they are pulled from where the base says that platforms are. */
  readonly head: Project;
  /** Null with the reason where no base revision is known. */
  readonly revision: Revision | { readonly kind: "unknown"; readonly reason: string };
  /** Absolute path of a new folder outside the checkout. */
  readonly folder: string;
}

const PUBLIC_REGISTRY = ".promptgate/registry";

async function copyInto(root: string, file: string, target: string): Promise<void> {
  const located = await pathInside(root, file);
  if (located.kind === "unreadable") return;
  try {
    await mkdir(dirname(target), { recursive: true });
    await copyFile(located.path, target, constants.COPYFILE_FICLONE);
  } catch (error) {
    throw storageError("copy", file, error);
  }
}

async function copyCandidate(head: Project, folder: string): Promise<void> {
  const files = new Set(
    head.prompts.flatMap(({ file, dataset }) => (dataset === null ? [file] : [file, dataset])),
  );
  for (const file of files) await copyInto(head.root, file, join(folder, CANDIDATE_FOLDER, file));
}

/** Records of judges count from where the gate runs. */
async function copyCalibration(head: Project, folder: string): Promise<void> {
  const records = new Set(head.prompts.flatMap(({ judges }) => judges.map(calibrationRecordFile)));
  for (const file of records) await copyInto(head.root, file, join(folder, file));
}

function registryPath({ registry }: Pick<Project, "registry">): string | null {
  const { kind, path } = registry;
  return kind !== "file" ? null : typeof path === "string" ? path : PUBLIC_REGISTRY;
}

/**
 * The base's files, unless neither revision keeps the registry in git: then it is the machine's own, and no commit could
 * have changed it. The remote of a branch is that of the checkout.
 */
async function registryUnder(
  head: Project,
  { registry, root }: Pick<Project, "registry" | "root">,
): Promise<OpenedComparison["registry"]> {
  const path = registryPath({ registry });
  if (path === null) return { registry, root: head.root };
  if (existsSync(resolve(root, path))) return { registry, root };
  const tracked = await gitText(head.root, ["ls-files", "--cached", "-z", "--", path]);
  return { registry, root: tracked === "" ? head.root : root };
}

function usesPlatforms({ prompts }: Project): boolean {
  return prompts.some(({ pulledFrom }) => pulledFrom !== null);
}

/** The base with the cases of its platforms; without them where they are no longer what it pins, and that is said. */
async function withBaseCases(context: CommandContext, base: Project, config: string): Promise<Project> {
  if (!usesPlatforms(base)) return base;
  try {
    return await loadProjectFrom(context, { config }, "warning");
  } catch (error) {
    if (!(error instanceof GateError) || errorExitCodes[error.code] !== 2) throw error;
    const reason = visibleLine(error.message, 300);
    context.log.warn(
      `which cases the change alters is not known: those of the base cannot be read: ${reason}`,
    );
    return base;
  }
}

/**
 * The head with its cases. Keys go only to platforms where the base says that they are: an address that a change brings
 * along has been looked at by nobody. Where there is no base the head's own count.
 */
async function withHeadCases({ context, head }: ComparisonInput, base: Project | null): Promise<Project> {
  if (!usesPlatforms(head)) return head;
  const { registry, platforms, configFile } = base ?? head;
  const named = base === null ? configFile : `${configFile} of the base revision`;
  const pull = pullFrom(context, { registry, platforms, configFile: named });
  const config = join(head.root, head.configFile);
  return loadProjectFrom({ ...context, cwd: head.root }, { config }, "error", pull);
}

type LoadedBase =
  | {
      readonly rules: RuleSource & { readonly kind: "base" };
      readonly project: Project;
      readonly missing: readonly string[];
    }
  | { readonly rules: Exclude<RuleSource, { readonly kind: "base" }>; readonly project: null };

async function loadBase({ context, head, revision, folder }: ComparisonInput): Promise<LoadedBase> {
  if ("kind" in revision) return { rules: revision, project: null };
  const { commit } = revision;
  const found = await materialise(revision, head.configFile, folder);
  if (!found) return { rules: { kind: "adoption", commit }, project: null };
  const config = join(folder, head.configFile);
  try {
    const missing = await missingVariables(folder, config, context.environment);
    const environment = withPlaceholders(context.environment, missing);
    const place = { ...context, cwd: folder, environment };
    const project = await withBaseCases(
      place,
      await loadProjectFrom(place, { config }, "warning", null),
      config,
    );
    return { rules: { kind: "base", commit }, project, missing };
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    // What may pass by itself, such as a platform that is down, is no reason to let a change bring its own rules.
    if (errorExitCodes[error.code] !== 2) throw error;
    return { rules: { kind: "unreadable", commit, reason: visibleLine(error.message, 300) }, project: null };
  }
}

/**
 * Compares a project with a base revision of it and puts the candidate under the base's rules. Where the base has none,
 * the candidate's own count, every prompt is new, and `rules` says so. Nothing of either revision is run.
 */
export async function openComparison(input: ComparisonInput): Promise<OpenedComparison> {
  const { context, folder } = input;
  const base = await loadBase(input);
  const head = await withHeadCases(input, base.project);
  await copyCandidate(head, folder);
  const now = await snapshotOf(head);
  if (base.project === null) {
    await copyCalibration(head, folder);
    return {
      head,
      comparison: compareProjects(null, now),
      rules: base.rules,
      project: mergeProjects(head, head, { root: folder, today: "" }),
      registry: { registry: head.registry, root: head.root },
      digest: now.digest,
      missing: [],
    };
  }
  const today = new Date(context.clock.now()).toISOString().slice(0, 10);
  return {
    head,
    comparison: compareProjects(await snapshotOf(base.project), now),
    rules: base.rules,
    project: mergeProjects(base.project, head, { root: folder, today }),
    registry: await registryUnder(head, base.project),
    digest: now.digest,
    missing: base.missing,
  };
}
