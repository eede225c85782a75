import { join } from "node:path";
import { canonicalJson } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import type { ReleaseDocument, WriteReleaseRequest } from "../domain/release.ts";
import { createOnce } from "../files/create-once.ts";
import { replaceFile } from "../files/replace-file.ts";
import { storageError } from "../files/storage.ts";
import { corruptFile, listFolder, readDocument, readText } from "./read-document.ts";
import { parseReleaseWrite, renderReleaseDocument, renderReleaseWrite } from "./release-document.ts";

const NAME = /^(\d{6,15})\.json$/;

/** The release documents of one prompt, one immutable file a generation, and the copy that applications read. */
export interface Releases {
  /** Null before the first. */
  read(): Promise<ReleaseDocument | null>;
  /** See `Registry.writeRelease`; the versions that it names were looked up. */
  write(request: WriteReleaseRequest): Promise<void>;
}

/** Throws `USAGE` unless the document can be read back and follows on what the caller saw. */
export function checkRelease({ document, expected, by, reason }: WriteReleaseRequest): void {
  const parsed = parseReleaseWrite(renderReleaseWrite({ by, reason, release: document }));
  if (parsed.kind === "invalid")
    throw new GateError("USAGE", `this release cannot be stored: ${parsed.reason}`);
  if (document.generation === (expected ?? 0) + 1) return;
  throw new GateError(
    "USAGE",
    `generation ${document.generation} of a release cannot follow on ${expected ?? "none"}`,
  );
}

export function releaseConflict(
  { document, expected }: WriteReleaseRequest,
  found: number | null,
): GateError {
  const where = found === null ? "does not exist" : `has generation ${found}`;
  const seen = expected === null ? "it was expected to be new" : `generation ${expected} was expected`;
  return new GateError("REGISTRY_CONFLICT", `the release of ${document.prompt} ${where}, ${seen}`, {
    hint: "somebody changed it meanwhile: read it and decide again",
  });
}

/** The versions that a release document names. */
export function releaseVersions({ stable, candidate, holdback }: ReleaseDocument): string[] {
  return [stable, candidate?.version, holdback?.version].filter((version) => version !== undefined);
}

/** `folder` is the prompt's: the documents are `releases/<generation>.json`, the copy of the newest `release.json`. */
export function releases(folder: string, prompt: string): Releases {
  const numbered = join(folder, "releases");
  const copy = join(folder, "release.json");
  const fileOf = (generation: number): string =>
    join(numbered, `${String(generation).padStart(6, "0")}.json`);

  async function latestGeneration(): Promise<number> {
    let latest = 0;
    for (const name of await listFolder(numbered, "any")) {
      if (name.startsWith(".")) continue;
      const generation = Number(NAME.exec(name)?.[1]);
      const file = join(numbered, name);
      if (!(generation > 0) || fileOf(generation) !== file) throw corruptFile(file, "it is no release");
      latest = Math.max(latest, generation);
    }
    return latest;
  }

  async function readLatest(): Promise<ReleaseDocument | null> {
    const generation = await latestGeneration();
    if (generation === 0) return null;
    const file = fileOf(generation);
    const write = await readDocument(file, parseReleaseWrite);
    if (write === null) throw corruptFile(file, "it vanished");
    const { release } = write;
    if (release.prompt === prompt && release.generation === generation) return release;
    throw corruptFile(file, `it holds generation ${release.generation} of ${release.prompt}`);
  }

  /** A copy that is damaged or foreign is none: it holds nothing of its own. */
  async function isCopied(release: ReleaseDocument): Promise<boolean> {
    const copied = await readText(copy);
    return copied.kind === "text" && copied.text === renderReleaseDocument(release);
  }

  /** Ends when the copy is the newest: of two writers the slower one may have replaced the newer copy. */
  async function copyLatest(release: ReleaseDocument): Promise<void> {
    let newest: ReleaseDocument | null = release;
    while (newest !== null && !(await isCopied(newest))) {
      await replaceFile(copy, renderReleaseDocument(newest)).catch((error: unknown) => {
        throw storageError("write", copy, error);
      });
      newest = await readLatest();
    }
  }

  return {
    read: readLatest,
    async write(request) {
      const { document, expected, by, reason } = request;
      const current = await readLatest();
      if (current !== null && canonicalJson(current) === canonicalJson(document)) return copyLatest(current);
      if ((current?.generation ?? null) !== expected)
        throw releaseConflict(request, current?.generation ?? null);
      const text = renderReleaseWrite({ by, reason, release: document });
      if (!(await createOnce(fileOf(document.generation), text))) {
        throw releaseConflict(request, await latestGeneration());
      }
      await copyLatest(document);
    },
  };
}
