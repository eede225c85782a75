import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { readPromptFile } from "../../config/prompt-file.ts";
import { duration } from "../../config/units.ts";
import { textDigest, type Digest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import { isPublicKey, type Approver, type EvidenceSettings } from "../../domain/evidence.ts";
import { promptDigest } from "../../domain/prompt.ts";
import type { Project } from "../../domain/project.ts";
import { isPromptName } from "../../domain/registry.ts";
import { parseVersion } from "../../domain/version.ts";
import { visibleLine } from "../../domain/visible.ts";
import { attestationTexts, readAttestation } from "../../evidence/read-attestation.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { readAttestationFile } from "../promotion/attestation-file.ts";
import {
  verifyEvidence,
  verifySignOff,
  type Surroundings,
  type VerifyCheck,
} from "../promotion/verify-attestation.ts";
import { alignedLines } from "../registry/lines.ts";
import { loadProjectFrom, openRegistryOf } from "../wire.ts";

export interface VerifyOptions extends CommonOptions {
  readonly file: string;
  /** Public keys, or files that hold one, instead of those of the config. */
  readonly key: readonly string[];
  /** e.g. `30d`; undefined = the config's. */
  readonly maxAge?: string | undefined;
}

async function givenKeys({ cwd }: CommandContext, keys: readonly string[]): Promise<Record<string, string>> {
  const read = async (key: string): Promise<readonly [string, string]> => {
    if (isPublicKey(key)) return [key, key];
    const text = await readFile(resolve(cwd, key), "utf8").catch(() => "");
    if (isPublicKey(text.trim())) return [key, text.trim()];
    throw new GateError(
      "USAGE",
      `--key ${visibleLine(key)} is neither a public key nor a file that holds one`,
      {
        hint: "promptgate keys new writes it to FILE.pub",
      },
    );
  };
  return Object.fromEntries(await Promise.all(keys.map(read)));
}

function givenAge(text: string | undefined): number | null {
  if (text === undefined) return null;
  const parsed = duration.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new GateError(
    "USAGE",
    `--max-age: expected a duration such as 12h or 30d, got "${visibleLine(text, 40)}"`,
  );
}

/** The project around the file, or null where there is none and the command line says enough. */
async function projectAround(context: CommandContext, options: VerifyOptions): Promise<Project | null> {
  try {
    return await loadProjectFrom(context, options, "warning", null);
  } catch (error) {
    const isEnough = options.key.length > 0 && options.config === undefined;
    if (isEnough && error instanceof GateError && error.message.startsWith("there is no promptgate"))
      return null;
    throw error;
  }
}

const NO_SETTINGS: EvidenceSettings = { keys: {}, github: null, require: "any", maxAgeMs: 30 * 86_400_000 };

/** Given keys replace the config's, and then a signature of one of them is asked for. */
function withGiven(
  settings: EvidenceSettings,
  keys: Readonly<Record<string, string>>,
  maxAgeMs: number | null,
): EvidenceSettings {
  const aged = { ...settings, maxAgeMs: maxAgeMs ?? settings.maxAgeMs };
  return Object.keys(keys).length === 0 ? aged : { ...aged, keys, github: null, require: "signed" };
}

async function subjectOf(
  context: CommandContext,
  project: Project | null,
  { prompt, version }: { readonly prompt: string; readonly version: string },
): Promise<Surroundings["subject"]> {
  if (project === null || !isPromptName(prompt)) return null;
  const registry = openRegistryOf(project, context);
  const published =
    parseVersion(version) === null ? null : await registry.readVersion(prompt, { kind: "version", version });
  if (published !== null) return { digest: published.digest, origin: `${prompt}@${version} in the registry` };
  const file = project.prompts.find(({ name }) => name === prompt)?.file;
  if (file === undefined) return null;
  const { source } = await readPromptFile(project.root, file);
  if (source.version !== version) return null;
  return { digest: promptDigest(source.template), origin: visibleLine(file, 200) };
}

async function resultBeside(path: string): Promise<Digest | null> {
  const text = await readFile(join(dirname(path), "result.json"), "utf8").catch(() => null);
  return text === null ? null : textDigest(text);
}

interface Verified {
  readonly kind: "gate" | "sign-off";
  readonly prompt: string;
  readonly version: string;
  readonly digest: Digest;
  readonly checks: readonly VerifyCheck[];
}

async function verifyText(
  context: CommandContext,
  options: VerifyOptions,
  file: { readonly path: string; readonly text: string },
): Promise<Verified> {
  const [text = file.text, ...others] = attestationTexts(file.text);
  if (others.length > 0) {
    throw new GateError(
      "USAGE",
      `${visibleLine(file.path, 400)} holds ${others.length + 1} attestations, and verify looks at one`,
      { hint: "put the line that you mean into a file of its own; promote takes the whole file" },
    );
  }
  const attestation = readAttestation(text);
  if (attestation.kind === "invalid") {
    throw new GateError(
      "FILE_UNREADABLE",
      `${visibleLine(file.path, 400)} is no evidence: ${attestation.reason}`,
      {
        hint: "promptgate gate writes evidence.json beside result.json",
      },
    );
  }
  const keys = await givenKeys(context, options.key);
  const maxAgeMs = givenAge(options.maxAge);
  const project = await projectAround(context, options);
  const given: Approver[] = Object.entries(keys).map(([name, key]) => ({ name, email: "", key }));
  const subject = attestation.kind === "gate" ? attestation.evidence : attestation.signOff;
  const around: Surroundings = {
    settings: withGiven(project?.evidence ?? NO_SETTINGS, keys, maxAgeMs),
    approvers: given.length > 0 ? given : (project?.approvers ?? []),
    now: context.clock.now(),
    subject: await subjectOf(context, project, subject),
    result: await resultBeside(file.path),
  };
  const { prompt, version, digest } = subject;
  const checks =
    attestation.kind === "gate"
      ? verifyEvidence(attestation.evidence, attestation, around)
      : verifySignOff(attestation.signOff, attestation, around);
  return { kind: attestation.kind, prompt, version, digest, checks };
}

const words = { met: "ok", note: "note", violated: "FAIL" } as const;

/** `verify`: signature, digests, result and age of evidence, one line each. */
export async function runVerify(context: CommandContext, options: VerifyOptions): Promise<ExitCode> {
  const file = await readAttestationFile(context, options.file);
  const verified = await verifyText(context, options, file);
  const valid = verified.checks.every(({ state }) => state !== "violated");
  const exitCode: ExitCode = valid ? 0 : 1;
  if (options.json) {
    const document = { schema: "promptgate/verification@1", valid, exitCode, file: file.path, ...verified };
    context.print(JSON.stringify(document, null, 2));
    return exitCode;
  }
  const rows = verified.checks.map(({ name, state, text }) => [words[state], name, text]);
  const verdict = valid ? "valid" : "not valid";
  context.print([...alignedLines(rows), "", `Evidence: ${verdict} (exit code ${exitCode})`].join("\n"));
  return exitCode;
}
