import { jsonDigest, textDigest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { LedgerEntry } from "../../domain/ledger.ts";
import type { LabelMove } from "../../domain/registry.ts";
import { visibleLine } from "../../domain/visible.ts";
import { allPages } from "../registry/known-prompts.ts";
import { applyRelease } from "./apply-release.ts";
import type { Assessment, PromotionScope } from "./assess-version.ts";
import { faultOf } from "./rollback-steps.ts";

export interface PromotionOrder {
  readonly label: string;
  readonly assessment: Assessment;
  /** Where the label was when the decision was made. */
  readonly from: string | null;
  readonly by: string;
  readonly reason: string;
  /** What an override set aside; empty for a promotion that met everything. */
  readonly ungated: readonly string[];
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** What was written; `todo` is what could not be, and what to do about it. */
export interface PromotionOutcome {
  readonly written: readonly string[];
  readonly todo: readonly string[];
}

/** True when the applications read a release document that does not give everybody this version yet. */
export function movesTraffic({ label, assessment }: Pick<PromotionOrder, "label" | "assessment">): boolean {
  const { release, version } = assessment;
  return label === "production" && release !== null && release.stable !== version.version;
}

function reasonText({ reason, ungated }: PromotionOrder): string {
  return ungated.length === 0 ? reason : `ungated: ${reason}`;
}

/** Null when the label was there already. Throws `REGISTRY_CONFLICT` when somebody moved it meanwhile. */
async function moveLabel(
  { registry, prompt }: PromotionScope,
  order: PromotionOrder,
): Promise<LabelMove | null> {
  const { label, assessment, from, by } = order;
  return registry.moveLabel({
    prompt: prompt.name,
    label,
    to: assessment.version.version,
    expected: from,
    by,
    reason: reasonText(order),
  });
}

async function confirm(
  { registry, prompt }: PromotionScope,
  { label, assessment }: PromotionOrder,
): Promise<void> {
  const found = await registry.readVersion(prompt.name, { kind: "label", label });
  if (found?.digest === assessment.version.digest) return;
  const where = found === null ? "does not exist" : `points at ${found.version}`;
  throw new GateError("REGISTRY_CONFLICT", `label ${label} ${where} right after it was moved`, {
    hint: "somebody else moved it: look at promptgate history and decide again",
  });
}

/** The label first, then what applications are served: a death in between leaves people on the version they have. */
async function moveProduction(scope: PromotionScope, order: PromotionOrder): Promise<PromotionOutcome> {
  const { registry, prompt } = scope;
  const { assessment, by, at } = order;
  const { release, version } = assessment;
  let move: LabelMove | null = null;
  const record = async (): Promise<boolean> => {
    move = await moveLabel(scope, order);
    return true;
  };
  if (!movesTraffic(order)) {
    await record();
    return { written: [labelText(order, move)], todo: [] };
  }
  const after = { stable: version.version, candidate: null, holdback: null };
  const change = { registry, prompt: prompt.name, before: release, after, by, reason: reasonText(order), at };
  const applied = await applyRelease(change, "raise", record);
  const traffic = `release document: everybody gets ${version.version}`;
  if (applied.kind === "applied") return { written: [labelText(order, move), traffic], todo: [] };
  const fault = applied.kind === "half" ? faultOf(applied.error) : "lost race";
  const todo = `applications still get ${release?.stable ?? ""} (${fault}): run the same command again`;
  return { written: [labelText(order, move)], todo: [todo] };
}

function labelText({ label, from, assessment }: PromotionOrder, move: LabelMove | null): string {
  const to = assessment.version.version;
  if (move === null) return `label ${label} was at ${to} already`;
  return from === null ? `label ${label} is new at ${to}` : `label ${label} moved from ${from} to ${to}`;
}

/** Keeps what production had as the version to go back to. */
async function keepWayBack(scope: PromotionScope, order: PromotionOrder): Promise<PromotionOutcome> {
  const { registry, prompt } = scope;
  const { label, from, assessment, by } = order;
  const nothing = { written: [], todo: [] };
  if (label !== "production" || from === null || from === assessment.version.version) return nothing;
  const expected = assessment.labels.find(({ name }) => name === "rollback")?.version ?? null;
  try {
    const reason = `what production had before ${assessment.version.version}`;
    const move = { prompt: prompt.name, label: "rollback", to: from, expected, by, reason };
    await registry.moveLabel(move);
    return { written: [`label rollback is at ${from}`], todo: [] };
  } catch (error) {
    return { written: [], todo: [`label rollback was not moved to ${from}: ${faultOf(error)}`] };
  }
}

async function ledgerEntry(scope: PromotionScope, order: PromotionOrder): Promise<LedgerEntry> {
  const { registry, store, prompt } = scope;
  const { label, from, by, reason, at, ungated, assessment } = order;
  const { version, found, approvals, question } = assessment;
  const history = await allPages((page) => registry.history(prompt.name, page));
  const sequence = history.find((move) => move.label === label)?.sequence ?? null;
  const id = jsonDigest({ kind: "promoted", prompt: prompt.name, label, to: version.version, sequence });
  const entries = await allPages((page) => store.ledger(prompt.name, page));
  const { model, modelParameters } = version.template;
  return {
    schema: "promptgate/ledger-entry@1",
    id: id.slice("sha256:".length),
    prompt: prompt.name,
    kind: "promoted",
    at,
    by,
    reason,
    version: version.version,
    digest: version.digest,
    details: {
      label,
      from,
      gated: ungated.length === 0,
      ungated,
      tier: question.tier.applied,
      author: version.author,
      createdAt: version.createdAt,
      changeReason: version.changeReason ?? null,
      model,
      temperature: modelParameters.temperature ?? null,
      modelParameters,
      evidence: found && {
        digest: textDigest(found.text),
        at: found.evidence.at,
        result: found.evidence.result,
      },
      scores: found?.evidence.scores ?? [],
      approvedBy: approvals.by,
      rollout: entries
        .filter((entry) => entry.version === version.version && entry.kind !== "promoted")
        .map((entry) => ({ at: entry.at, kind: entry.kind, ...weightOf(entry) }))
        .toReversed(),
      labels: [...new Set(history.filter(({ to }) => to === version.version).map((move) => move.label))],
    },
  };
}

/** The share of people that an entry of a rollout left on the candidate, where it says so. */
function weightOf({ details }: LedgerEntry): { readonly weight?: number } {
  const to = details["to"];
  const weight: unknown =
    typeof to === "object" && to !== null ? Reflect.get(to, "weight") : details["weight"];
  return typeof weight === "number" ? { weight } : {};
}

async function record(scope: PromotionScope, order: PromotionOrder): Promise<PromotionOutcome> {
  try {
    await scope.store.append(await ledgerEntry(scope, order));
    return { written: ["ledger: promoted"], todo: [] };
  } catch (error) {
    const todo = `the ledger has no entry (${faultOf(error)}): run the same command again, it adds what is missing`;
    return { written: [], todo: [todo] };
  }
}

/**
 * Moves the label with the expected place it was at, reads it back, and records it. What it was decided on is kept in the
 * store first. Throws `REGISTRY_CONFLICT`, and nothing was moved, when somebody else was first.
 */
export async function applyPromotion(
  scope: PromotionScope,
  order: PromotionOrder,
): Promise<PromotionOutcome> {
  const { found, version } = order.assessment;
  if (found !== null && found.evidence.digest === version.digest)
    await scope.store.attest(version.digest, found.text);
  const moved = await moveProduction(scope, order);
  await confirm(scope, order);
  const kept = await keepWayBack(scope, order);
  const recorded = await record(scope, order);
  const outcomes = [moved, kept, recorded];
  return {
    written: outcomes.flatMap(({ written }) => written),
    todo: outcomes.flatMap(({ todo }) => todo).map((line) => visibleLine(line, 600)),
  };
}
