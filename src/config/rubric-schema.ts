import * as z from "zod";
import { words } from "./units.ts";

const share = z.number().min(0).max(1);

const scale = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("choices"),
    choices: z
      .record(words, share.nullable())
      .meta({ description: "label -> score from 0 to 1; null = not applicable" }),
  }),
  z.strictObject({
    kind: z.literal("likert"),
    min: z.int().min(0).max(100).meta({ description: "the worst grade, a score of 0" }),
    max: z.int().min(0).max(100).meta({ description: "the best grade, a score of 1" }),
    expected: z
      .boolean()
      .exactOptional()
      .meta({ description: "score = mean over the probabilities of the grades; needs grades of one digit" }),
  }),
  z.strictObject({
    kind: z
      .literal("pairwise")
      .meta({ description: "compares the outputs of both versions, in both orders" }),
  }),
]);

/** One judge's criteria file. */
export const rubricSchema = z.strictObject({
  name: words.max(100).meta({ description: "the metric's name" }),
  description: z.string().optional().meta({ description: "a note; not used" }),
  model: words.exactOptional().meta({ description: "a key of `models` in the config; or use panel" }),
  panel: z
    .array(words)
    .min(3)
    .exactOptional()
    .meta({ description: "an odd number of keys of `models`: the majority on each criterion counts" }),
  scale,
  criteria: z.array(z.strictObject({ id: words.max(100), question: words })).min(1),
  reference: z.enum(["required", "optional", "off"]).default("optional").meta({
    description: "whether the judge sees a case's `expected` as the reference answer",
  }),
  threshold: share
    .nullable()
    .default(null)
    .meta({ description: "a case passes at or above it; without one the metric has only a mean" }),
  allowSelfGrading: z
    .boolean()
    .default(false)
    .meta({ description: "lets a model judge its own answers, which it tends to prefer" }),
  instructions: z.string().default("").meta({ description: "further words to the judge, e.g. examples" }),
  calibration: words
    .nullable()
    .default(null)
    .meta({ description: "human labels for `judge calibrate`, relative to the project" }),
});

export type WrittenRubric = z.infer<typeof rubricSchema>;
