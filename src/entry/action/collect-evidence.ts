import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { envelopeText, parseEnvelope } from "../../evidence/dsse.ts";
import { TEST_RESULT } from "../../evidence/gate-statement.ts";
import { joinPredicates, type TestResultPredicate } from "../../evidence/joint-predicate.ts";
import { replaceFile } from "../../files/replace-file.ts";
import { storageError } from "../../files/storage.ts";
import { EVIDENCE_FILE } from "../gate/keep-evidence.ts";
import type { GateJob } from "./open-job.ts";

/** The evidence of a run where later steps find it. All paths are absolute. */
export interface CollectedEvidence {
  /** A folder with `<prompt>.json` for each prompt that was gated. */
  readonly path: string;
  readonly predicateType: string;
  /** One predicate about all of them, for `actions/attest`. */
  readonly predicatePath: string;
  /** What it is about: `<sha256>  <prompt>` a line. */
  readonly checksumsPath: string;
}

interface Statement {
  readonly subject: readonly [{ readonly name: string; readonly digest: { readonly sha256: string } }];
  readonly predicate: TestResultPredicate;
}

/** The statement inside of what this run has just written. */
function statementOf(text: string): Statement {
  const envelope = parseEnvelope(JSON.parse(text));
  return JSON.parse(envelope === null ? text : envelopeText(envelope)) as Statement;
}

/**
 * Copies the evidence of a run out of its workspace, before that is closed. Null where no run left any: what was not
 * evaluated is attested to nobody.
 */
export async function collectEvidence(
  { state, inputs }: Pick<GateJob, "state" | "inputs">,
  root: string,
  results: readonly PromptGateResult[],
): Promise<CollectedEvidence | null> {
  const folder = join(state, `evidence-${inputs["comment-key"]}`);
  const path = join(folder, "prompts");
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(path, { recursive: true });
    const statements: Statement[] = [];
    for (const { name, runDir } of results) {
      const text =
        runDir === null ? null : await readFile(join(root, runDir, EVIDENCE_FILE), "utf8").catch(() => null);
      if (text === null) continue;
      await replaceFile(join(path, `${name}.json`), text);
      statements.push(statementOf(text));
    }
    const predicate = joinPredicates(
      statements.map(({ subject: [{ name }], predicate: own }) => ({ prompt: name, predicate: own })),
    );
    if (predicate === null) return null;
    const predicatePath = join(folder, "predicate.json");
    const checksumsPath = join(folder, "subjects.txt");
    await replaceFile(predicatePath, `${JSON.stringify(predicate, null, 2)}\n`);
    const lines = statements.map(({ subject: [{ name, digest }] }) => `${digest.sha256}  ${name}\n`);
    await replaceFile(checksumsPath, lines.join(""));
    return { path, predicateType: TEST_RESULT, predicatePath, checksumsPath };
  } catch (error) {
    throw storageError("write", folder, error);
  }
}
