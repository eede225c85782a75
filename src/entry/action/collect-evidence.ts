import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { envelopeText, parseEnvelope } from "../../evidence/dsse.ts";
import { TEST_RESULT } from "../../evidence/gate-statement.ts";
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

interface Predicate {
  readonly result: "PASSED" | "WARNED" | "FAILED";
  readonly configuration: readonly { readonly name: string }[];
  readonly passedTests: readonly string[];
  readonly warnedTests: readonly string[];
  readonly failedTests: readonly string[];
}

interface Statement {
  readonly subject: readonly [{ readonly name: string; readonly digest: { readonly sha256: string } }];
  readonly predicate: Predicate;
}

/** The statement inside of what this run has just written. */
function statementOf(text: string): Statement {
  const envelope = parseEnvelope(JSON.parse(text));
  return JSON.parse(envelope === null ? text : envelopeText(envelope)) as Statement;
}

const WORST = ["FAILED", "WARNED", "PASSED"] as const;

/** One predicate for all prompts: the worst result, and every name with its prompt before it. One prompt keeps its own. */
function combine(statements: readonly Statement[]): Predicate | null {
  const [first, ...others] = statements;
  if (first === undefined) return null;
  if (others.length === 0) return first.predicate;
  const named = (pick: (predicate: Predicate) => readonly string[]): string[] =>
    statements.flatMap(({ subject, predicate }) =>
      pick(predicate).map((name) => `${subject[0].name}/${name}`),
    );
  const results = new Set(statements.map(({ predicate }) => predicate.result));
  return {
    result: WORST.find((result) => results.has(result)) ?? "FAILED",
    configuration: statements.flatMap(({ subject, predicate }) =>
      predicate.configuration.map((each) => ({ ...each, name: `${subject[0].name}/${each.name}` })),
    ),
    passedTests: named(({ passedTests }) => passedTests),
    warnedTests: named(({ warnedTests }) => warnedTests),
    failedTests: named(({ failedTests }) => failedTests),
  };
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
    const predicate = combine(statements);
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
