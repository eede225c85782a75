import { GateError } from "../../domain/errors.ts";
import { isLabelName, type PromptVersion } from "../../domain/registry.ts";
import type { Tier } from "../../domain/tier.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import {
  decidePromotion,
  type PromotionDecision,
  type PromotionTarget,
} from "../../gate/promotion-policy.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { tellEventsAfter } from "../events/tell-events.ts";
import { applyPromotion, movesTraffic, type PromotionOutcome } from "../promotion/apply-promotion.ts";
import {
  assessVersion,
  withSignOffs,
  type Assessment,
  type PromotionScope,
} from "../promotion/assess-version.ts";
import { attestationTexts } from "../../evidence/read-attestation.ts";
import { readAttestationFile } from "../promotion/attestation-file.ts";
import { newestFirst, parseFound, type FoundEvidence } from "../promotion/find-evidence.ts";
import { parseVersionReference, publishedVersion } from "../promotion/version-reference.ts";
import { authorOf } from "../registry/author.ts";
import { promptOf } from "../registry/known-prompts.ts";
import { alignedLines } from "../registry/lines.ts";
import { loadProjectFrom, openRegistryOf, openStoreOf } from "../wire.ts";

export interface PromoteOptions extends CommonOptions {
  /** `PROMPT@VERSION`. */
  readonly version: string;
  readonly to: string;
  readonly evidence?: string | undefined;
  readonly dryRun: boolean;
  readonly override: boolean;
  readonly reason?: string | undefined;
  /** People whose sign-off the caller has verified beside those in the store. */
  readonly signedOffBy?: readonly string[];
}

function targetOf(label: string): PromotionTarget {
  if (label === "canary" || label === "rollback") {
    throw new GateError("USAGE", `nobody promotes to ${label}: the rollout moves that label`, {
      hint:
        label === "canary" ? "promptgate rollout start PROMPT" : "promptgate rollback PROMPT --reason TEXT",
    });
  }
  if (!isLabelName(label) || label === "latest") {
    throw new GateError("USAGE", `"${visibleLine(label)}" cannot name a label`, {
      hint: "lowercase letters, digits, - and _; `latest` always is the highest version",
    });
  }
  return label === "staging" || label === "production" ? label : "own";
}

function overrideOf({ override, reason }: PromoteOptions): string | null {
  if (!override) return null;
  const text = visibleLine(reason ?? "", 1000);
  if (text !== "") return text;
  throw new GateError("USAGE", "--override needs a reason", {
    hint: '--override --reason "why this cannot wait for the gate"; it is recorded as ungated',
  });
}

async function givenEvidence(
  context: CommandContext,
  named: string | undefined,
  prompt: string,
): Promise<readonly FoundEvidence[] | null> {
  if (named === undefined) return null;
  const { path, text } = await readAttestationFile(context, named);
  const origin = visibleLine(named, 200);
  const found = attestationTexts(text).flatMap((each) => parseFound(each, origin, prompt) ?? []);
  if (found.length > 0) return newestFirst(found);
  throw new GateError("FILE_UNREADABLE", `${visibleLine(path, 400)} is no evidence of a gate run`, {
    hint: "promptgate verify FILE says what is wrong with it",
  });
}

function decide(target: PromotionTarget, assessment: Assessment, override: string | null): PromotionDecision {
  const { question, labels, release, evidence, approvals, rollout, version } = assessment;
  const production = labels.find(({ name }) => name === "production");
  return decidePromotion({
    target,
    tier: question.tier,
    policy: question.policy,
    hasProduction: production !== undefined,
    isInProduction:
      production?.version === version.version && (release === null || release.stable === version.version),
    evidence,
    approvals,
    rollout,
    override,
  });
}

const exitCodes = { allowed: 0, refused: 1, unproven: 3, waiting: 5 } as const satisfies Record<
  PromotionDecision["kind"],
  ExitCode
>;

/** What is told about a promotion, in either form. */
interface Told {
  readonly version: PromptVersion;
  readonly label: string;
  readonly from: string | null;
  readonly tier: Tier;
  readonly decision: PromotionDecision;
  /** What would be written. */
  readonly plan: readonly string[];
  /** Null when nothing was written. */
  readonly outcome: PromotionOutcome | null;
  readonly exitCode: ExitCode;
}

const words = { met: "ok", note: "note", violated: "FAIL", missing: "missing", waiting: "waiting" } as const;

function verdictLine({ version, label, decision, outcome }: Told): string {
  const id = `${version.name}@${version.version}`;
  switch (decision.kind) {
    case "allowed":
      if (decision.ungated.length > 0) {
        return `${id} ${outcome === null ? "would go" : "went"} to ${label} UNGATED, as ordered`;
      }
      return outcome === null ? `${id} may go to ${label}` : `${id} is in ${label}`;
    case "refused":
      return `${id} may not go to ${label}: a rule is violated`;
    case "unproven":
      return `${id} may not go to ${label} yet: something must be measured first`;
    case "waiting":
      return `${id} may not go to ${label} yet: it waits`;
  }
}

function render(told: Told, { dryRun }: PromoteOptions): string {
  const { decision, plan, outcome, exitCode } = told;
  const rows = decision.checks.map(({ name, state, text }) => [words[state], name, text]);
  const writes = outcome?.written ?? (dryRun ? plan.map((line) => `would write: ${line}`) : []);
  return [
    verdictLine(told),
    ...alignedLines(rows).map((line) => `  ${line}`),
    ...writes,
    ...(outcome?.todo ?? []).map((line) => `to do: ${line}`),
    ...(exitCode === 0 ? [] : [`Nothing was written (exit code ${exitCode})`].filter(() => outcome === null)),
  ].join("\n");
}

function print(context: CommandContext, options: PromoteOptions, told: Told): ExitCode {
  const { version, label, from, tier, decision, plan, outcome, exitCode } = told;
  if (!options.json) {
    context.print(visible(render(told, options)));
    return exitCode;
  }
  const document = {
    schema: "promptgate/promotion@1",
    prompt: version.name,
    version: version.version,
    digest: version.digest,
    label,
    from,
    tier,
    decision: decision.kind,
    checks: decision.checks,
    ungated: decision.kind === "allowed" ? decision.ungated : [],
    dryRun: options.dryRun,
    plan,
    written: outcome?.written ?? [],
    todo: outcome?.todo ?? [],
    exitCode,
  };
  context.print(JSON.stringify(document, null, 2));
  return exitCode;
}

async function openScope(
  context: CommandContext,
  options: PromoteOptions,
  name: string,
): Promise<PromotionScope> {
  const project = await loadProjectFrom(context, options);
  const prompt = promptOf(project, name);
  const registry = openRegistryOf(project, context);
  return { context, project, prompt, registry, store: openStoreOf(project, context) };
}

function planOf(label: string, from: string | null, assessment: Assessment): string[] {
  const { version } = assessment.version;
  const traffic = movesTraffic({ label, assessment });
  return [
    ...(from === version ? [] : [`label ${label}: ${from ?? "new"} -> ${version}`]),
    ...(traffic ? [`release document: everybody gets ${version}`] : []),
    ...(label === "production" && from !== null && from !== version ? [`label rollback: ${from}`] : []),
  ];
}

/** `promote`: checks evidence, tier, sign-off and rollout, then moves the label. */
export async function runPromote(context: CommandContext, options: PromoteOptions): Promise<ExitCode> {
  const target = targetOf(options.to);
  const override = overrideOf(options);
  const reference = parseVersionReference(options.version);
  const scope = await openScope(context, options, reference.prompt);
  const version = await publishedVersion(scope.registry, scope.prompt.name, reference.version);
  const given = await givenEvidence(context, options.evidence, version.name);
  const assessment = withSignOffs(await assessVersion(scope, version, given), options.signedOffBy ?? []);
  const label = options.to;
  const from = assessment.labels.find(({ name }) => name === label)?.version ?? null;
  const decision = decide(target, assessment, override);
  const plan = planOf(label, from, assessment);
  const tier = assessment.question.tier.applied;
  const told = { version, label, from, tier, decision, plan };
  if (decision.kind !== "allowed" || options.dryRun) {
    return print(context, options, { ...told, outcome: null, exitCode: exitCodes[decision.kind] });
  }
  const outcome = await applyPromotion(scope, {
    label,
    assessment,
    from,
    by: await authorOf(context, undefined),
    reason: visibleLine(options.reason ?? version.changeReason ?? "", 1000),
    ungated: decision.ungated,
    at: new Date(context.clock.now()).toISOString(),
  });
  const exitCode = print(context, options, { ...told, outcome, exitCode: outcome.todo.length > 0 ? 4 : 0 });
  await tellEventsAfter(context, options);
  return exitCode;
}
