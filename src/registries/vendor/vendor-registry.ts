import { canonicalJson } from "../../domain/digest.ts";
import { GateError, type ErrorCode } from "../../domain/errors.ts";
import { byName, pageKeys } from "../../domain/paging.ts";
import { promptDigest } from "../../domain/prompt.ts";
import type { Clock } from "../../domain/ports.ts";
import type {
  Label,
  LabelMove,
  Page,
  PageRequest,
  PromptVersion,
  Registry,
  VersionReference,
} from "../../domain/registry.ts";
import type { WriteReleaseRequest } from "../../domain/release.ts";
import { compareVersions } from "../../domain/version.ts";
import { visibleLine } from "../../domain/visible.ts";
import { checkLabelName, checkPromptName, checkReference, checkVersionNumber } from "../names.ts";
import { listings } from "../paging.ts";
import { versionNotFound } from "../prompt-shelf.ts";
import { checkRelease, releaseConflict, releaseVersions } from "../releases.ts";
import { activateCompanion, appendToCompanion, readCompanion } from "./companion.ts";
import { createdOnce } from "./lost-answer.ts";
import { moveVendorLabel, type StoredRevision } from "./move-label.ts";
import type { VendorPrompts, VendorRevision } from "./vendor.ts";
import { vendorContent, versionOf } from "./versions.ts";

function refuse(code: ErrorCode, vendor: string, what: string, problem: string | null): void {
  if (problem === null) return;
  throw new GateError(code, `${vendor} cannot have ${what}: ${visibleLine(problem, 200)}`, {
    hint: "choose another name, or another registry",
  });
}

function checkDigest({ name, version, digest, template }: PromptVersion): void {
  if (promptDigest(template) === digest) return;
  throw new GateError("PROMPT_INVALID", `${name}@${version}: the digest is not the template's`, {
    hint: "publish the prompt file itself: its digest is computed",
  });
}

/**
 * Who edits a version of ours on the platform copies what is ours along: it is said of the first and of no other. A copy
 * that changes nothing is two writers' same version.
 */
function withoutCopies(revisions: readonly VendorRevision[]): VendorRevision[] {
  const known = new Map<string, string>();
  return revisions
    .toSorted((left, right) => left.order - right.order)
    .map((revision) => {
      const { envelope, messages, model } = revision;
      if (envelope === null) return revision;
      const text = canonicalJson(envelope);
      const content = canonicalJson({ messages, model });
      const first = known.get(text) ?? content;
      known.set(text, first);
      return first === content ? revision : { ...revision, envelope: null };
    });
}

/** Versions that can be read, the first of each number: of two writers of one number the older one counts. */
async function storedVersions(vendor: VendorPrompts, prompt: string): Promise<StoredRevision[]> {
  const known = new Set<string>();
  const stored: StoredRevision[] = [];
  for (const revision of withoutCopies(await vendor.listRevisions(prompt))) {
    const version = versionOf(prompt, vendor.vendor, revision);
    if (version === null || known.has(version.version)) continue;
    known.add(version.version);
    stored.push({ revision, version });
  }
  return stored;
}

function sameContent(stored: PromptVersion, wanted: PromptVersion): PromptVersion {
  if (stored.digest === wanted.digest) return stored;
  throw new GateError(
    "VERSION_EXISTS",
    `${wanted.name}@${wanted.version} exists with other content (${stored.digest})`,
    { hint: "versions never change: raise `version` in the prompt file" },
  );
}

async function publishTo(
  vendor: VendorPrompts,
  version: PromptVersion,
): Promise<{ readonly version: PromptVersion; readonly created: boolean }> {
  const find = async (): Promise<StoredRevision | undefined> =>
    (await storedVersions(vendor, version.name)).find((entry) => entry.version.version === version.version);
  const earlier = await find();
  if (earlier !== undefined) return { version: sameContent(earlier.version, version), created: false };
  const created = await createdOnce(
    () => vendor.create(version.name, vendorContent(version)),
    async () => (await find())?.revision,
  );
  // Another writer may have published the same number at the same time.
  const first = await find();
  if (first === undefined) {
    throw new GateError(
      "REGISTRY_CONFLICT",
      `${vendor.vendor} does not show ${version.name}@${version.version} yet`,
      {
        hint: "run the command again: what is there already is not published twice",
        retryable: true,
      },
    );
  }
  return { version: sameContent(first.version, version), created: first.revision.id === created.id };
}

async function listedLabels(vendor: VendorPrompts, prompt: string, only?: string): Promise<Label[]> {
  const stored = await storedVersions(vendor, prompt);
  const { labels } = (await readCompanion(vendor, prompt)).state;
  const shown = (await vendor.pointers(prompt, only)).map(({ label, id }): Label => {
    const found = stored.find(({ revision }) => revision.id === id);
    const recorded = labels[label];
    const version = found?.version.version ?? `revision ${visibleLine(id, 80)}`;
    // Somebody moved it by hand: who and when is not ours to know.
    if (recorded?.version !== version) {
      return {
        name: label,
        version,
        since: found?.version.createdAt ?? "",
        by: `unknown (${vendor.vendor})`,
      };
    }
    return { name: label, ...recorded };
  });
  return shown.sort((left, right) => byName(left.name, right.name));
}

async function pagedHistory(
  vendor: VendorPrompts,
  prompt: string,
  page: PageRequest,
): Promise<Page<LabelMove>> {
  const { links } = await readCompanion(vendor, prompt);
  const moves = links.flatMap(({ document: { change } }) => (change.kind === "move" ? [change.move] : []));
  const { keys, next } = pageKeys(
    moves.map(({ sequence }) => String(sequence)).reverse(),
    page,
    listings.moves,
  );
  return { items: keys.flatMap((key) => moves[Number(key) - 1] ?? []), next };
}

async function revisionsOf(vendor: VendorPrompts, prompt: string): Promise<Map<string, VendorRevision>> {
  const stored = await storedVersions(vendor, prompt);
  return new Map(stored.map(({ version, revision }) => [version.version, revision]));
}

/** Ends when the platform splits traffic as the newest release says: a slower writer may have brought back an older one. */
async function mirrorNewest(vendor: VendorPrompts, prompt: string): Promise<void> {
  let mirrored = 0;
  while (vendor.mirrorRelease !== undefined) {
    const { release } = (await readCompanion(vendor, prompt)).state;
    if (release === null || release.generation <= mirrored) return;
    await vendor.mirrorRelease(release, await revisionsOf(vendor, prompt));
    mirrored = release.generation;
  }
}

async function writeVendorRelease(vendor: VendorPrompts, request: WriteReleaseRequest): Promise<void> {
  const { document, expected, by, reason } = request;
  const revisions = await revisionsOf(vendor, document.prompt);
  const missing = releaseVersions(document).find((version) => !revisions.has(version));
  if (missing !== undefined) throw versionNotFound(document.prompt, missing);
  for (;;) {
    const companion = await readCompanion(vendor, document.prompt);
    const current = companion.state.release;
    if (current !== null && canonicalJson(current) === canonicalJson(document)) break;
    const found = current?.generation ?? null;
    if (found !== expected) throw releaseConflict(request, found);
    const change = { kind: "release", by, reason } as const;
    const state = { ...companion.state, release: document };
    if (await appendToCompanion(vendor, document.prompt, companion, { change, state })) break;
  }
  await activateCompanion(vendor, document.prompt);
  await mirrorNewest(vendor, document.prompt);
}

/** The version that one of several pointers of a label names is nobody's guess: that is an error. */
async function labelledVersion(vendor: VendorPrompts, prompt: string, name: string): Promise<string | null> {
  const labels = (await listedLabels(vendor, prompt, name)).filter((label) => label.name === name);
  if (labels.length < 2) return labels[0]?.version ?? null;
  const places = labels.map(({ version }) => version).join(" and ");
  throw new GateError("REGISTRY_CONFLICT", `label ${name} of ${prompt} points at ${places}`, {
    hint: `put it on one of them in ${vendor.vendor}`,
  });
}

async function readReference(
  vendor: VendorPrompts,
  prompt: string,
  reference: VersionReference,
): Promise<PromptVersion | null> {
  const versions = (await storedVersions(vendor, prompt)).map(({ version }) => version);
  switch (reference.kind) {
    case "version":
      return versions.find(({ version }) => version === reference.version) ?? null;
    case "latest":
      return versions.sort((left, right) => compareVersions(right.version, left.version))[0] ?? null;
    case "label": {
      const number = await labelledVersion(vendor, prompt, reference.label);
      return versions.find(({ version }) => version === number) ?? null;
    }
  }
}

type Reads = Omit<Registry, "publish" | "moveLabel" | "writeRelease">;

function readsOf(vendor: VendorPrompts): Reads {
  return {
    async listPrompts(page = {}) {
      const names = await vendor.listNames();
      const companions = new Set(names.map((name) => vendor.companionOf(name)));
      const prompts = names.filter((name) => !companions.has(name)).sort(byName);
      const { keys, next } = pageKeys(prompts, page, { ...listings.prompts, isKey: () => true });
      return { items: keys, next };
    },
    async listVersions(prompt, page = {}) {
      checkPromptName(prompt);
      const stored = await storedVersions(vendor, prompt);
      const versions = new Map(stored.map(({ version }) => [version.version, version]));
      const sorted = [...versions.keys()].sort((left, right) => compareVersions(right, left));
      const { keys, next } = pageKeys(sorted, page, listings.versions);
      return { items: keys.flatMap((key) => versions.get(key) ?? []), next };
    },
    async listLabels(prompt) {
      checkPromptName(prompt);
      return listedLabels(vendor, prompt);
    },
    async readVersion(prompt, reference) {
      checkPromptName(prompt);
      checkReference(reference);
      return readReference(vendor, prompt, reference);
    },
    async history(prompt, page = {}) {
      checkPromptName(prompt);
      return pagedHistory(vendor, prompt, page);
    },
    async readRelease(prompt) {
      checkPromptName(prompt);
      return (await readCompanion(vendor, prompt)).state.release;
    },
  };
}

function writesOf(vendor: VendorPrompts, clock: Clock): Omit<Registry, keyof Reads> {
  return {
    async publish(version) {
      checkPromptName(version.name);
      checkVersionNumber(version.version);
      checkDigest(version);
      refuse("PROMPT_INVALID", vendor.vendor, `the prompt ${version.name}`, vendor.nameProblem(version.name));
      refuse(
        "PROMPT_INVALID",
        vendor.vendor,
        "this template",
        vendor.templateProblem(version.template.messages),
      );
      return publishTo(vendor, version);
    },
    async moveLabel(request) {
      checkPromptName(request.prompt);
      checkLabelName(request.label);
      checkVersionNumber(request.to);
      refuse("USAGE", vendor.vendor, `the label ${request.label}`, vendor.labelProblem(request.label));
      return moveVendorLabel(
        { vendor, clock, stored: await storedVersions(vendor, request.prompt) },
        request,
      );
    },
    async writeRelease(request) {
      checkPromptName(request.document.prompt);
      checkRelease(request);
      return writeVendorRelease(vendor, request);
    },
  };
}

/**
 * A registry on a platform: the platform keeps versions and labels, a companion prompt keeps what it has no place for
 * (who moved what and why, the release document) and decides races by the platform's own order of versions.
 */
export function vendorRegistry(vendor: VendorPrompts, clock: Clock): Registry {
  return { ...readsOf(vendor), ...writesOf(vendor, clock) };
}
