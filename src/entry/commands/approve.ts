import { jsonDigest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { Approver, SignOff } from "../../domain/evidence.ts";
import type { Project } from "../../domain/project.ts";
import type { PromptVersion } from "../../domain/registry.ts";
import type { Store } from "../../domain/store.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import { signEnvelope } from "../../evidence/dsse.ts";
import type { SigningKey } from "../../evidence/keys.ts";
import { renderSignOff } from "../../evidence/sign-off.ts";
import { isAuthor } from "../../gate/self-approval.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { judgeApprovals } from "../promotion/find-approvals.ts";
import { readSigningKey } from "../promotion/signing-key.ts";
import { parseVersionReference, publishedVersion } from "../promotion/version-reference.ts";
import { promptOf } from "../registry/known-prompts.ts";
import { loadProjectFrom, openRegistryOf, openStoreOf } from "../wire.ts";

export interface ApproveOptions extends CommonOptions {
  /** `PROMPT@VERSION`. */
  readonly version: string;
  /** The approver's private key. */
  readonly key: string;
  readonly reason?: string | undefined;
}

function approverOf(approvers: readonly Approver[], { publicKey }: SigningKey, configFile: string): Approver {
  const approver = approvers.find(({ key }) => key === publicKey);
  if (approver !== undefined) return approver;
  throw new GateError("USAGE", `that key belongs to none of the approvers in ${visibleLine(configFile)}`, {
    hint: `its public key is ${publicKey}; somebody else adds it under approvers, with name and email`,
  });
}

async function keep(store: Store, signOff: SignOff, key: SigningKey): Promise<void> {
  const { prompt, digest, version, by, at, reason } = signOff;
  await store.attest(digest, signEnvelope(renderSignOff(signOff), key));
  await store.append({
    schema: "promptgate/ledger-entry@1",
    id: jsonDigest({ kind: "signed-off", prompt, digest, by, at }).slice("sha256:".length),
    prompt,
    kind: "signed-off",
    at,
    by: `${by.name} <${by.email}>`,
    reason,
    version,
    digest,
    details: {},
  });
}

type Outcome = "approved" | "approved-already" | "refused";

interface Approval {
  readonly outcome: Outcome;
  readonly by: readonly string[];
  readonly text: string;
}

async function approve(
  context: CommandContext,
  options: ApproveOptions,
  project: Project,
  version: PromptVersion,
): Promise<Approval> {
  const key = await readSigningKey(context, options.key);
  const approver = approverOf(project.approvers, key, project.configFile);
  const store = openStoreOf(project, context);
  const now = context.clock.now();
  const rules = { approvers: project.approvers, settings: project.evidence, now };
  const count = async (): Promise<readonly string[]> =>
    judgeApprovals(await store.attestations(version.digest), version, rules).by;
  const id = `${version.name}@${version.version}`;
  const { name, email } = approver;
  if (isAuthor(approver, version.author)) {
    const text = `${id} was written by ${visibleLine(version.author, 200)}: ${name} cannot approve it, somebody else must`;
    return { outcome: "refused", by: await count(), text };
  }
  const earlier = await count();
  if (earlier.includes(visibleLine(name, 200))) {
    return {
      outcome: "approved-already",
      by: earlier,
      text: `${name} has approved ${id} already; nothing to do`,
    };
  }
  const { digest } = version;
  const at = new Date(now).toISOString();
  const reason = visibleLine(options.reason ?? "", 1000);
  const signOff = { prompt: version.name, digest, version: version.version, by: { name, email }, at, reason };
  await keep(store, signOff, key);
  const by = await count();
  const text = `${name} approved ${id}  ${digest}\nsigned off by ${by.join(", ")}`;
  return { outcome: "approved", by, text };
}

/** `approve`: signs off a version's digest with an approver's key. Its author may not. */
export async function runApprove(context: CommandContext, options: ApproveOptions): Promise<ExitCode> {
  const reference = parseVersionReference(options.version);
  const project = await loadProjectFrom(context, options, "warning", null);
  const { name } = promptOf(project, reference.prompt);
  const version = await publishedVersion(openRegistryOf(project, context), name, reference.version);
  const { outcome, by, text } = await approve(context, options, project, version);
  const exitCode: ExitCode = outcome === "refused" ? 1 : 0;
  if (options.json) {
    const document = { schema: "promptgate/approval@1", prompt: name, version: version.version };
    const rest = { digest: version.digest, outcome, approvedBy: by, message: text, exitCode };
    context.print(JSON.stringify({ ...document, ...rest }, null, 2));
  } else {
    context.print(visible(text));
  }
  return exitCode;
}
