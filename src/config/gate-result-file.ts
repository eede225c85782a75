import { readFile, stat } from "node:fs/promises";
import * as z from "zod";
import type { Digest } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import type { GateResult } from "../domain/gate-result.ts";
import { TIERS } from "../domain/tier.ts";
import { visibleLine } from "../domain/visible.ts";

const SCHEMA = "promptgate/gate-result@1";
const FAMILY = /^promptgate\/gate-result@(\d+)$/;
const MAX_BYTES = 100 * 1024 * 1024;

const digest = z.custom<Digest>((value) => typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value), {
  error: "expected sha256: and 64 hex digits",
});
const verdict = z.enum(["pass", "fail", "inconclusive"]);
const tier = z.enum(TIERS);
const number = z.number().nullable();
const amount = z.number().nonnegative();
/** JSON writes "no number of cases is enough" as null. */
const neededCases = z.union([amount, z.null().transform(() => Infinity)]);

// Loose objects: what a later minor version adds is kept when the document is written again.
const judgingSchema = z.discriminatedUnion("kind", [
  z.looseObject({
    kind: z.literal("pairwise"),
    judged: amount,
    consistency: z.number(),
    firstSlotRate: number,
  }),
  z.looseObject({ kind: z.literal("panel"), judges: amount, agreement: number }),
]);

const metricSchema = z.looseObject({
  name: z.string(),
  verdict,
  reason: z.string(),
  kind: z.enum(["check", "judge", "latency", "cost", "tokens"]),
  level: z.enum(["error", "warn", "off"]),
  margin: number,
  maxIncrease: number,
  min: number,
  max: number,
  alphaMiss: z.number(),
  alphaBlock: z.number(),
  n: amount,
  used: amount,
  unscored: amount,
  baseline: number,
  candidate: number,
  delta: number,
  interval: z.looseObject({ low: z.number(), high: z.number(), level: z.number() }).nullable(),
  wins: amount,
  losses: amount,
  ties: amount,
  mcnemarP: number,
  minimumDetectableDrop: z.number(),
  lengthAdjusted: z.looseObject({ delta: z.number(), standardError: amount }).nullable().default(null),
  judging: judgingSchema.nullable().default(null),
});

const changeSchema = z.looseObject({
  id: z.string(),
  metric: z.string(),
  baseline: number,
  candidate: number,
  reason: z.string(),
  baselineOutput: z.string().nullable(),
  candidateOutput: z.string().nullable(),
});

const planSchema = z.looseObject({
  cases: amount,
  maxCases: amount,
  looks: z.array(z.number()),
  calls: z.looseObject({ generation: amount, judge: amount }),
  metrics: z.array(
    z.looseObject({
      name: z.string(),
      requiredCases: neededCases,
      floorCases: neededCases,
      minimumDetectableDrop: z.number(),
      sigma: z.number(),
    }),
  ),
});

const waiverSchema = z.looseObject({
  prompt: z.string().nullable(),
  case: z.string().nullable(),
  metric: z.string().nullable(),
  owner: z.string(),
  reason: z.string(),
  expires: z.string(),
});

const samplingSchema = z.looseObject({
  samples: amount,
  since: z.string(),
  drift: z.looseObject({ cases: amount, tested: z.boolean(), found: z.boolean() }).nullable(),
});

const promptSchema = z.looseObject({
  name: z.string(),
  verdict,
  headline: z.string(),
  reasons: z.array(z.string()),
  warnings: z.array(z.string()),
  tier: z.looseObject({
    declared: tier.nullable(),
    required: tier.nullable(),
    applied: tier,
    findings: z.array(z.looseObject({ tier, path: z.string(), message: z.string() })),
  }),
  candidate: z.looseObject({ version: z.string(), digest, source: z.string() }),
  baseline: z
    .looseObject({
      version: z.string(),
      digest,
      label: z.string().nullable(),
      sampling: samplingSchema.exactOptional(),
    })
    .nullable(),
  models: z.array(
    z.looseObject({
      role: z.enum(["candidate", "baseline", "judge"]),
      provider: z.string(),
      model: z.string(),
      metric: z.string().exactOptional(),
    }),
  ),
  plan: planSchema.nullable(),
  metrics: z.array(metricSchema),
  cases: z.looseObject({
    total: amount,
    used: amount,
    unscored: amount,
    waived: amount.default(0),
    broken: z.array(z.string()),
  }),
  regressions: z.array(changeSchema),
  improvements: z.array(changeSchema),
  unscored: z.array(
    z.looseObject({
      id: z.string(),
      metric: z.string(),
      side: z.enum(["baseline", "candidate"]),
      reason: z.string(),
    }),
  ),
  // Results written before there were waivers had none.
  waivers: z.array(waiverSchema).default([]),
  usage: z.looseObject({
    calls: amount,
    cachedCalls: amount,
    costUsd: number,
    generationUsd: number,
    judgeUsd: number,
    inputTokens: amount,
    outputTokens: amount,
  }),
  digests: z.looseObject({ prompt: digest, dataset: digest, judges: digest, policy: digest }),
  seed: z.number(),
  attempt: z.number(),
  stored: z.boolean(),
  runDir: z.string().nullable(),
});

const resultSchema = z.looseObject({
  schema: z.literal(SCHEMA),
  verdict,
  exitCode: z.number(),
  prompts: z.array(promptSchema).min(1),
}) satisfies z.ZodType<GateResult>;

const hint = "name a run's folder or the result.json that promptgate gate wrote";

/** Null when there is no such file. */
async function readText(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      throw new GateError("FILE_UNREADABLE", `${visibleLine(path)} is too large for a gate result`, { hint });
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof GateError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    if (code === "ENOENT") return null;
    throw new GateError("FILE_UNREADABLE", `cannot read ${visibleLine(path)} (${code})`, {
      hint,
      cause: error,
    });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `${visibleLine(path)} is no complete JSON document`;
    throw new GateError("FILE_UNREADABLE", message, {
      hint: "the file was cut off or is of another kind; run the gate again to write it anew",
      cause: error,
    });
  }
}

function checkSchema(document: unknown, path: string): void {
  const name = z.looseObject({ schema: z.string() }).safeParse(document).data?.schema;
  const family = FAMILY.exec(name ?? "");
  if (name === SCHEMA) return;
  if (family !== null && Number(family[1]) > 1) {
    const message = `${visibleLine(path)} was written by a newer promptgate: it is a ${name}, this version reads ${SCHEMA}`;
    throw new GateError("FILE_UNREADABLE", message, { hint: "update promptgate" });
  }
  const found = name === undefined ? "it names no schema" : `its schema is "${visibleLine(name, 60)}"`;
  throw new GateError("FILE_UNREADABLE", `${visibleLine(path)} is no gate result: ${found}`, { hint });
}

function parseGateResult(text: string, path: string): GateResult {
  const document = parseJson(text, path);
  checkSchema(document, path);
  const parsed = resultSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place =
    issue === undefined ? "" : ` at ${visibleLine(issue.path.join("."), 120)}: ${visibleLine(issue.message)}`;
  throw new GateError("FILE_UNREADABLE", `${visibleLine(path)} is a damaged gate result${place}`, {
    hint: "run the gate again to write it anew",
  });
}

/**
 * Reads a stored gate result. `FILE_UNREADABLE` when it is cut off, damaged, of another kind or newer; when it is missing
 * as well, unless the caller expects that and gets null.
 */
export async function readGateResult(path: string): Promise<GateResult>;
export async function readGateResult(path: string, expected: { missing: null }): Promise<GateResult | null>;
export async function readGateResult(path: string, expected?: { missing: null }): Promise<GateResult | null> {
  const text = await readText(path);
  if (text !== null) return parseGateResult(text, path);
  if (expected !== undefined) return null;
  throw new GateError("FILE_UNREADABLE", `there is no ${visibleLine(path)}`, { hint });
}
