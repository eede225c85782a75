import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GateEvidence } from "../../domain/evidence.ts";
import type { Digest } from "../../domain/digest.ts";
import type { Store } from "../../domain/store.ts";
import { visibleLine } from "../../domain/visible.ts";
import { readAttestation } from "../../evidence/read-attestation.ts";
import type { Signed } from "../../evidence/evidence-standing.ts";
import { systemCode, storageError } from "../../files/storage.ts";
import { EVIDENCE_FILE } from "../gate/keep-evidence.ts";
import { RUNS } from "../gate/run-directory.ts";

/** One piece of evidence and where it was found; it proves nothing yet. */
export interface FoundEvidence extends Signed {
  readonly text: string;
  readonly evidence: GateEvidence;
  readonly origin: string;
}

/** Null for what is no evidence of a gate run. Of a text about several prompts the part about `prompt` counts. */
export function parseFound(text: string, origin: string, prompt: string): FoundEvidence | null {
  const attestation = readAttestation(text, prompt);
  if (attestation.kind !== "gate") return null;
  const { evidence, envelope, bundle } = attestation;
  return { text, evidence, envelope, bundle, origin };
}

export function newestFirst(found: readonly FoundEvidence[]): FoundEvidence[] {
  return found.toSorted((left, right) => Date.parse(right.evidence.at) - Date.parse(left.evidence.at));
}

async function localTexts(root: string): Promise<{ readonly text: string; readonly origin: string }[]> {
  const folder = join(root, RUNS);
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw storageError("read", folder, error);
  }
  const texts: { text: string; origin: string }[] = [];
  for (const name of names.sort()) {
    const text = await readFile(join(folder, name, EVIDENCE_FILE), "utf8").catch(() => null);
    if (text !== null) texts.push({ text, origin: visibleLine(`${RUNS}/${name}`, 200) });
  }
  return texts;
}

/** All evidence about a digest of a prompt that the store and the local runs hold, the newest first. */
export async function findEvidence(
  { store, root }: { readonly store: Store; readonly root: string },
  subject: { readonly prompt: string; readonly digest: Digest },
): Promise<FoundEvidence[]> {
  const stored = (await store.attestations(subject.digest)).map((text) => ({ text, origin: "the store" }));
  const found = [...stored, ...(await localTexts(root))].flatMap(({ text, origin }) => {
    const parsed = parseFound(text, origin, subject.prompt);
    const isAbout = parsed?.evidence.digest === subject.digest && parsed.evidence.prompt === subject.prompt;
    return parsed !== null && isAbout ? [parsed] : [];
  });
  return newestFirst(found);
}
