import type { Digest } from "./digest.ts";
import type { PromptSource } from "./prompt.ts";
import type { ReleaseDocument, WriteReleaseRequest } from "./release.ts";

/** One immutable version as the registry holds it. */
export interface PromptVersion extends PromptSource {
  readonly digest: Digest;
  readonly author: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** A movable pointer to one version. */
export interface Label {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  /** ISO 8601, UTC: since when it points there. */
  readonly since: string;
  readonly by: string;
}

/** One move of a label: who, when, why, from, to. */
export interface LabelMove {
  /** Counts from 1 per prompt, without gaps. */
  readonly sequence: number;
  readonly label: string;
  /** Null when the label was new. */
  readonly from: string | null;
  readonly to: string;
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly description?: string;
}

/** One page of a listing; pass `next` back as `cursor` for the following page, null at the end. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface PageRequest {
  readonly cursor?: string;
  /** 1 to 1,000, default 100. */
  readonly limit?: number;
}

export type VersionReference =
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "label"; readonly label: string }
  | { readonly kind: "latest" };

export interface MoveLabelRequest {
  readonly prompt: string;
  readonly label: string;
  readonly to: string;
  /** The version the caller saw the label on; null when it saw no such label. */
  readonly expected: string | null;
  readonly by: string;
  readonly reason: string;
  readonly description?: string;
}

/**
 * Where versions and labels live. Every method may throw `REGISTRY_CORRUPT` or `STORAGE_FAILED`.
 * Listings are ordered: prompts by name, versions newest semver first, labels by name, history newest first.
 */
export interface Registry {
  listPrompts(page?: PageRequest): Promise<Page<string>>;
  listVersions(prompt: string, page?: PageRequest): Promise<Page<PromptVersion>>;
  listLabels(prompt: string): Promise<readonly Label[]>;
  /** Null when the prompt, version or label does not exist. `latest` is the highest semver. */
  readVersion(prompt: string, reference: VersionReference): Promise<PromptVersion | null>;
  /**
   * Stores an immutable version. The same digest under the same version again is a no-op that returns the stored one
   * with `created: false`; another digest under it throws `VERSION_EXISTS`.
   */
  publish(version: PromptVersion): Promise<{ readonly version: PromptVersion; readonly created: boolean }>;
  /**
   * Moves a label if it still points at `expected`, else throws `REGISTRY_CONFLICT`. A move to where the label already
   * is succeeds without a new history entry. `VERSION_NOT_FOUND` when `to` does not exist.
   */
  moveLabel(request: MoveLabelRequest): Promise<LabelMove | null>;
  history(prompt: string, page?: PageRequest): Promise<Page<LabelMove>>;
  /** What running applications read of this prompt; null when it never had a rollout. */
  readRelease(prompt: string): Promise<ReleaseDocument | null>;
  /**
   * Replaces the release document if its generation still is `expected`, else throws `REGISTRY_CONFLICT`. Writing what
   * is there already succeeds, so that a write whose answer was lost may be repeated. `VERSION_NOT_FOUND` when it names
   * a version that does not exist.
   */
  writeRelease(request: WriteReleaseRequest): Promise<void>;
}

const LABEL = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;

/** Lowercase letters, digits, `-`, `_`; starts and ends with a letter or digit; at most 64. */
export function isLabelName(text: string): boolean {
  return LABEL.test(text);
}

const PROMPT = /^[a-z0-9](?:[a-z0-9_.-]{0,126}[a-z0-9])?$/i;

/** Letters, digits, `-`, `_`, `.`; starts and ends with a letter or digit; no `..`; at most 128: safe as a file name. */
export function isPromptName(text: string): boolean {
  return PROMPT.test(text) && !text.includes("..");
}
