import { existsSync } from "node:fs";
import { posix, resolve } from "node:path";
import * as z from "zod";
import type { AgreementFigures } from "../domain/calibration.ts";
import type { Digest } from "../domain/digest.ts";
import type { Rubric } from "../domain/rubric.ts";
import { pathInside, readTextFile, SIZE_LIMITS } from "./text-file.ts";

const SCHEMA = "promptgate/calibration@1";

/**
 * Where the record of a rubric's judge is, relative to the project: next to the labels that the rubric names, else in
 * `rubrics/calibration/`.
 */
export function calibrationRecordFile({ name, calibration }: Pick<Rubric, "name" | "calibration">): string {
  if (calibration === null) return `rubrics/calibration/${encodeURIComponent(name)}.record.json`;
  const { dir, name: base } = posix.parse(calibration);
  return posix.join(dir, `${base}.record.json`);
}

const share = z.number().min(0).max(1);
const amount = z.number().nonnegative();
const coefficient = z.number().max(1);
const bounded = z.looseObject({ value: share, low: share, high: share });

const figuresSchema = z.looseObject({
  n: z.number().positive(),
  positives: amount,
  negatives: amount,
  unscored: amount,
  accuracy: share,
  kappa: coefficient.nullable(),
  weightedKappa: coefficient.nullable(),
  ac1: coefficient.nullable(),
  sensitivity: bounded.nullable(),
  specificity: bounded.nullable(),
  youden: coefficient.nullable(),
  order: z
    .looseObject({
      consistency: share.nullable(),
      positionalAgreement: share,
      firstSlotRate: share.nullable(),
      accuracyAsGiven: share,
      accuracyReversed: share,
    })
    .nullable(),
  retest: z.looseObject({ comparisons: z.number().positive(), flips: amount }).nullable(),
}) satisfies z.ZodType<AgreementFigures>;

const digest = z.custom<Digest>((value) => typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value));

const recordSchema = z.looseObject({
  schema: z.literal(SCHEMA),
  rubric: z.string(),
  source: z.literal("live"),
  judge: z.looseObject({ fingerprint: digest }),
  figures: figuresSchema,
});

/** What a gate needs of a record: whose it is and what was measured. The floor is applied to the figures anew. */
interface CalibrationRecord {
  readonly fingerprint: Digest;
  readonly figures: AgreementFigures;
}

export type ReadRecord =
  | { readonly kind: "missing" }
  | { readonly kind: "unusable"; readonly reason: string }
  | { readonly kind: "record"; readonly record: CalibrationRecord };

function parseRecord(text: string, file: string): ReadRecord {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { kind: "unusable", reason: `${file} is no JSON` };
  }
  const parsed = recordSchema.safeParse(document);
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join(".") ?? "";
    return { kind: "unusable", reason: `${file} is no calibration record (${place})` };
  }
  const { judge, figures } = parsed.data;
  return { kind: "record", record: { fingerprint: judge.fingerprint, figures } };
}

/** The record of a rubric's judge. Never throws for what the file holds: a record that cannot be read is none. */
export async function readCalibrationRecord(
  root: string,
  rubric: Pick<Rubric, "name" | "calibration">,
): Promise<ReadRecord> {
  const file = calibrationRecordFile(rubric);
  const located = await pathInside(root, file);
  if (located.kind === "unreadable") {
    return existsSync(resolve(root, file))
      ? { kind: "unusable", reason: `${file} ${located.reason}` }
      : { kind: "missing" };
  }
  const read = await readTextFile(located.path, SIZE_LIMITS.document);
  return read.kind === "unreadable"
    ? { kind: "unusable", reason: `${file} ${read.reason}` }
    : parseRecord(read.text, file);
}
