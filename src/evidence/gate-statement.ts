import * as z from "zod";
import type { Digest } from "../domain/digest.ts";
import type { GateEvidence } from "../domain/evidence.ts";
import { TIERS } from "../domain/tier.ts";
import { digestOf, digestSet, renderStatement, type Resource } from "./statement.ts";

export const TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1";

function resource(name: string, digest: Digest, annotations?: Resource["annotations"]): Resource {
  return { name, digest: digestSet(digest), ...(annotations === undefined ? {} : { annotations }) };
}

/** The in-toto statement of a gate run: its subject is the prompt, its configuration all that shaped the result. */
export function renderGateStatement(evidence: GateEvidence): string {
  const { version, verdict, tier, baseline, digests, complete, models, scores, waivers } = evidence;
  const { at, promptgate, result, passedTests, warnedTests, failedTests } = evidence;
  // What the predicate has no field for belongs to the report that it names.
  const run = { version, verdict, tier, complete, models, scores, waivers, at, promptgate };
  return renderStatement(evidence, TEST_RESULT, {
    result,
    configuration: [
      resource("dataset", digests.dataset),
      resource("judges", digests.judges),
      resource("policy", digests.policy),
      ...(baseline === null ? [] : [resource("baseline", baseline.digest, { version: baseline.version })]),
      resource("result.json", digests.result, run),
    ],
    passedTests,
    warnedTests,
    failedTests,
  });
}

const sha256 = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const tier = z.enum(TIERS);
const names = z.array(z.string()).max(10_000);

const resourceSchema = z.object({
  name: z.string(),
  digest: sha256,
  annotations: z.record(z.string(), z.unknown()).optional(),
});

// Unknown fields are ignored, as in-toto asks of every reader.
const predicateSchema = z.object({
  result: z.enum(["PASSED", "WARNED", "FAILED"]),
  configuration: z.array(resourceSchema).max(100),
  passedTests: names.default([]),
  warnedTests: names.default([]),
  failedTests: names.default([]),
});

const runSchema = z.object({
  version: z.string(),
  verdict: z.enum(["pass", "fail", "inconclusive"]),
  tier: z.object({ declared: tier.nullable(), required: tier.nullable(), applied: tier }),
  complete: z.boolean(),
  models: z.array(
    z.object({
      role: z.enum(["candidate", "baseline", "judge"]),
      provider: z.string(),
      model: z.string(),
      metric: z.string().exactOptional(),
    }),
  ),
  scores: z.array(
    z.object({ name: z.string(), baseline: z.number().nullable(), candidate: z.number().nullable() }),
  ),
  waivers: z.array(
    z.object({
      prompt: z.string().nullable(),
      case: z.string().nullable(),
      metric: z.string().nullable(),
      owner: z.string(),
      reason: z.string(),
      expires: z.string(),
    }),
  ),
  at: z.iso.datetime(),
  promptgate: z.string(),
});

export const subjectSchema = z.object({ name: z.string(), digest: sha256 });

function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  return `${issue?.path.join(".") || "predicate"}: ${issue?.message ?? "unknown"}`;
}

/** The evidence in a test-result predicate, or a sentence about what is missing in it. */
export function readGatePredicate(
  subject: z.infer<typeof subjectSchema>,
  predicate: unknown,
): GateEvidence | string {
  const parsed = predicateSchema.safeParse(predicate);
  if (!parsed.success) return firstIssue(parsed.error);
  const { configuration, ...outcome } = parsed.data;
  const find = (name: string) => configuration.find((entry) => entry.name === name);
  const [dataset, judges, policy, report] = ["dataset", "judges", "policy", "result.json"].map(find);
  if (dataset === undefined || judges === undefined || policy === undefined || report === undefined) {
    return "its configuration does not name dataset, judges, policy and result.json: no run of promptgate wrote it";
  }
  const run = runSchema.safeParse(report.annotations);
  if (!run.success) return `result.json.${firstIssue(run.error)}`;
  if ((run.data.verdict === "pass") !== (outcome.result !== "FAILED")) {
    return `it contradicts itself: the result is ${outcome.result}, the verdict ${run.data.verdict}`;
  }
  const baseline = find("baseline");
  const version = baseline?.annotations?.["version"];
  return {
    prompt: subject.name,
    digest: digestOf(subject.digest),
    ...run.data,
    ...outcome,
    baseline:
      baseline === undefined
        ? null
        : { version: typeof version === "string" ? version : "", digest: digestOf(baseline.digest) },
    digests: {
      dataset: digestOf(dataset.digest),
      judges: digestOf(judges.digest),
      policy: digestOf(policy.digest),
      result: digestOf(report.digest),
    },
  };
}
