import * as z from "zod";
import type { Assertion, Case } from "../domain/case.ts";

/** Parses one assertion as a user writes it; made by the checks, which alone know their fields. */
export type AssertionSchema = z.ZodType<Assertion>;

const id = z
  .string("expected text (put a number in quotes)")
  .min(1)
  .max(200)
  .meta({ description: "unique in the dataset" });

/** One case as it stands in a dataset. `description` and `metadata` are notes: read, and not used. */
export function caseSchema(assertion: AssertionSchema): z.ZodType<Case> {
  return z
    .strictObject({
      id,
      vars: z
        .record(z.string(), z.unknown())
        .default({})
        .meta({ description: "values of the prompt's {{variables}}" }),
      expected: z
        .unknown()
        .optional()
        .meta({ description: "a reference answer, for judges and checks that compare with one" }),
      tags: z.array(z.string().min(1).max(100)).default([]).meta({ description: "for filters and slices" }),
      group: z.string("expected text (put a number in quotes)").min(1).max(200).optional().meta({
        description: "statistical cluster: cases of one group, e.g. one ticket, are not independent",
      }),
      critical: z.boolean().default(false).meta({ description: "a critical case may never break" }),
      split: z.enum(["golden", "holdout"]).default("golden"),
      assert: z
        .array(assertion)
        .default([])
        .meta({ description: "checks of this case, besides those of the prompt" }),
      description: z.string().optional().meta({ description: "a note; not used" }),
      metadata: z.record(z.string(), z.unknown()).optional().meta({ description: "notes; not used" }),
    })
    .transform(({ description: _description, metadata: _metadata, group, expected, ...rest }) => ({
      ...rest,
      ...(group === undefined ? {} : { group }),
      ...(expected === undefined ? {} : { expected }),
    }));
}
