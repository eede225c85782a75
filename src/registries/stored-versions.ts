import { GateError } from "../domain/errors.ts";
import type { PromptVersion } from "../domain/registry.ts";
import { compareVersions, parseVersion } from "../domain/version.ts";
import type { FileTree } from "../files/tree.ts";
import { corruptFile, readDocument } from "./read-document.ts";
import { parseVersionDocument, renderVersionDocument } from "./stored-documents.ts";

export interface StoredVersions {
  /** Newest first. */
  numbers(): Promise<string[]>;
  /** Null when there is no such version. */
  read(number: string): Promise<PromptVersion | null>;
  /** Reads a version that something else refers to: throws `REGISTRY_CORRUPT` when it is missing. */
  readExisting(number: string): Promise<PromptVersion>;
  /** See `Registry.publish`. */
  create(version: PromptVersion): Promise<{ readonly version: PromptVersion; readonly created: boolean }>;
}

function sameContent(stored: PromptVersion, wanted: PromptVersion): PromptVersion {
  if (stored.digest === wanted.digest) return stored;
  throw new GateError(
    "VERSION_EXISTS",
    `${wanted.name}@${wanted.version} exists with other content: ${stored.digest}, not ${wanted.digest}`,
    { hint: "a version never changes: give the prompt file a new version number" },
  );
}

/** The document of a version, read back the way it will be read from disk. */
function checkedDocument(version: PromptVersion): { readonly text: string; readonly stored: PromptVersion } {
  const text = renderVersionDocument(version);
  const parsed = parseVersionDocument(text);
  if (parsed.kind === "value") return { text, stored: parsed.value };
  const name = `${version.name}@${version.version}`;
  throw new GateError("PROMPT_INVALID", `${name} cannot be stored: ${parsed.reason}`);
}

/** The versions of `prompt` in `folder`, one immutable file each. */
export function storedVersions(tree: FileTree, folder: string, prompt: string): StoredVersions {
  const fileOf = (number: string): string => `${folder}/${number}.json`;

  async function numbers(): Promise<string[]> {
    const names = (await tree.list(folder, "any")).filter((name) => !name.startsWith("."));
    const found = names.map((name) => {
      const number = name.replace(/\.json$/, "");
      if (number !== name && parseVersion(number) !== null) return number;
      throw corruptFile(tree, `${folder}/${name}`, "it is no version of a prompt");
    });
    return found.sort((left, right) => compareVersions(right, left));
  }

  async function read(number: string): Promise<PromptVersion | null> {
    const version = await readDocument(tree, fileOf(number), parseVersionDocument);
    if (version === null || (version.name === prompt && version.version === number)) return version;
    throw corruptFile(tree, fileOf(number), `it holds ${version.name}@${version.version}`);
  }

  async function readExisting(number: string): Promise<PromptVersion> {
    const version = await read(number);
    if (version === null)
      throw corruptFile(tree, fileOf(number), "it is missing, and the registry refers to it");
    return version;
  }

  return {
    numbers,
    read,
    readExisting,
    async create(version) {
      const { text, stored } = checkedDocument(version);
      const earlier = await read(version.version);
      if (earlier !== null) return { version: sameContent(earlier, version), created: false };
      if (await tree.createOnce(fileOf(version.version), text)) return { version: stored, created: true };
      return { version: sameContent(await readExisting(version.version), version), created: false };
    },
  };
}
