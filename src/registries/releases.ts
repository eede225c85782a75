import { canonicalJson } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import type { ReleaseDocument, WriteReleaseRequest } from "../domain/release.ts";
import type { FileTree } from "../files/tree.ts";
import { latestNumber, numberedFile } from "./numbered-files.ts";
import { corruptFile, readDocument } from "./read-document.ts";
import { parseReleaseWrite, renderReleaseDocument, renderReleaseWrite } from "./release-document.ts";

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

function ignoreGateError(error: unknown): void {
  if (!(error instanceof GateError)) throw error;
}

/** `<prompt>/releases/<generation>.json` decide; `<prompt>/release.json` is a copy of the newest under one name. */
export function releases(tree: FileTree, prompt: string): Releases {
  const folder = `${prompt}/releases`;
  const copy = `${prompt}/release.json`;

  async function readLatest(): Promise<ReleaseDocument | null> {
    const generation = await latestNumber(tree, folder, "release");
    if (generation === 0) return null;
    const file = numberedFile(folder, generation);
    const write = await readDocument(tree, file, parseReleaseWrite);
    if (write === null) throw corruptFile(tree, file, "it vanished");
    const { release } = write;
    if (release.prompt === prompt && release.generation === generation) return release;
    throw corruptFile(tree, file, `it holds generation ${release.generation} of ${release.prompt}`);
  }

  /** A copy that is damaged or foreign is none: it holds nothing of its own. */
  async function isCopied(release: ReleaseDocument): Promise<boolean> {
    const copied = await tree.read(copy);
    return copied.kind === "text" && copied.text === renderReleaseDocument(release);
  }

  /** Ends when the copy is the newest: of two writers the slower one may have replaced a newer copy. */
  async function copyLatest(release: ReleaseDocument): Promise<void> {
    let newest: ReleaseDocument | null = release;
    while (newest !== null && !(await isCopied(newest))) {
      await tree.replace(copy, renderReleaseDocument(newest));
      newest = await readLatest();
    }
  }

  async function create(request: WriteReleaseRequest): Promise<void> {
    const { document: release, by, reason } = request;
    const text = renderReleaseWrite({ by, reason, release });
    const also = { path: copy, text: renderReleaseDocument(release) };
    if (await tree.createOnce(numberedFile(folder, release.generation), text, also))
      return copyLatest(release);
    throw releaseConflict(request, await latestNumber(tree, folder, "release"));
  }

  return {
    async read() {
      const release = await readLatest();
      // Makes whole what a writer left undone who died between document and copy. A reader who may not write has read
      // the truth all the same, and whoever comes next tries again.
      if (release !== null) await copyLatest(release).catch(ignoreGateError);
      return release;
    },
    async write(request) {
      const current = await readLatest();
      if (current !== null) await copyLatest(current);
      if (current !== null && canonicalJson(current) === canonicalJson(request.document)) return;
      const found = current?.generation ?? null;
      if (found !== request.expected) throw releaseConflict(request, found);
      await create(request);
    },
  };
}
