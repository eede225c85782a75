import { canonicalJson } from "../../src/domain/digest.ts";
import { GateError } from "../../src/domain/errors.ts";
import type { Clock } from "../../src/domain/ports.ts";
import { promptDigest } from "../../src/domain/prompt.ts";
import type { Label, LabelMove, PromptVersion, Registry } from "../../src/domain/registry.ts";
import type { ReleaseDocument } from "../../src/domain/release.ts";
import { compareVersions } from "../../src/domain/version.ts";
import {
  checkLabelName,
  checkPromptName,
  checkReference,
  checkVersionNumber,
} from "../../src/registries/names.ts";
import { byName, pageKeys } from "../../src/domain/paging.ts";
import { listings } from "../../src/registries/paging.ts";
import { checkRelease, releaseConflict, releaseVersions } from "../../src/registries/releases.ts";

interface Entry {
  readonly versions: Map<string, PromptVersion>;
  readonly labels: Map<string, Label>;
  readonly moves: LabelMove[];
  release: ReleaseDocument | null;
}

/** A registry that lives as long as its process and keeps every promise of the port. */
export function memoryRegistry(clock: Clock): Registry {
  const prompts = new Map<string, Entry>();

  function entryOf(prompt: string): Entry {
    checkPromptName(prompt);
    return prompts.get(prompt) ?? { versions: new Map(), labels: new Map(), moves: [], release: null };
  }

  return {
    async listPrompts(page = {}) {
      const { keys, next } = pageKeys([...prompts.keys()].sort(byName), page, listings.prompts);
      return { items: keys, next };
    },
    async listVersions(prompt, page = {}) {
      const { versions } = entryOf(prompt);
      const numbers = [...versions.keys()].sort((left, right) => compareVersions(right, left));
      const { keys, next } = pageKeys(numbers, page, listings.versions);
      return { items: keys.flatMap((key) => versions.get(key) ?? []), next };
    },
    async listLabels(prompt) {
      return [...entryOf(prompt).labels.values()].sort((left, right) => byName(left.name, right.name));
    },
    async readVersion(prompt, reference) {
      checkReference(reference);
      const { versions, labels } = entryOf(prompt);
      if (reference.kind === "version") return versions.get(reference.version) ?? null;
      if (reference.kind === "label") return versions.get(labels.get(reference.label)?.version ?? "") ?? null;
      return [...versions.values()].sort((a, b) => compareVersions(b.version, a.version))[0] ?? null;
    },
    async publish(version) {
      checkVersionNumber(version.version);
      const entry = entryOf(version.name);
      if (promptDigest(version.template) !== version.digest) {
        throw new GateError("PROMPT_INVALID", `${version.name}: the digest is not the template's`);
      }
      const lower = version.name.toLowerCase();
      if ([...prompts.keys()].some((name) => name !== version.name && name.toLowerCase() === lower)) {
        throw new GateError("PROMPT_INVALID", `${version.name} differs only in case from another prompt`);
      }
      const stored = entry.versions.get(version.version);
      if (stored !== undefined && stored.digest !== version.digest) {
        throw new GateError("VERSION_EXISTS", `${version.name}@${version.version} exists`);
      }
      if (stored !== undefined) return { version: stored, created: false };
      const copy = structuredClone(version);
      entry.versions.set(version.version, copy);
      prompts.set(version.name, entry);
      return { version: copy, created: true };
    },
    async moveLabel({ prompt, label, to, expected, by, reason, description }) {
      checkLabelName(label);
      checkVersionNumber(to);
      const { versions, labels, moves } = entryOf(prompt);
      if (!versions.has(to)) throw new GateError("VERSION_NOT_FOUND", `${prompt}@${to} does not exist`);
      const before = labels.get(label);
      const from = before?.version ?? null;
      if (from === to) return null;
      if (from !== expected) throw new GateError("REGISTRY_CONFLICT", `${label} is at ${from}`);
      const at = new Date(clock.now()).toISOString();
      const words = description === undefined ? {} : { description };
      labels.set(label, { ...before, ...words, name: label, version: to, since: at, by });
      const move = { sequence: moves.length + 1, label, from, to, at, by, reason, ...words };
      moves.push(move);
      return move;
    },
    async history(prompt, page = {}) {
      const { moves } = entryOf(prompt);
      const sequences = moves.map((move) => String(move.sequence)).reverse();
      const { keys, next } = pageKeys(sequences, page, listings.moves);
      return { items: keys.flatMap((key) => moves[Number(key) - 1] ?? []), next };
    },
    async readRelease(prompt) {
      return structuredClone(entryOf(prompt).release);
    },
    async writeRelease(request) {
      const { document, expected } = request;
      const entry = entryOf(document.prompt);
      checkRelease(request);
      for (const version of releaseVersions(document)) {
        if (entry.versions.has(version)) continue;
        throw new GateError("VERSION_NOT_FOUND", `${document.prompt}@${version} does not exist`);
      }
      const current = entry.release;
      if (current !== null && canonicalJson(current) === canonicalJson(document)) return;
      if ((current?.generation ?? null) !== expected) {
        throw releaseConflict(request, current?.generation ?? null);
      }
      entry.release = structuredClone(document);
    },
  };
}
