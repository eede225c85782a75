import * as z from "zod";
import { isLabelName, type LabelMove } from "../../domain/registry.ts";
import type { ReleaseDocument } from "../../domain/release.ts";
import { version } from "../document-schema.ts";
import { moveDocument } from "../stored-documents.ts";
import { releaseDocument } from "../release-document.ts";
import type { VendorEnvelope } from "./vendor.ts";

const SCHEMA = "promptgate/companion@1";

const labelState = z.strictObject({
  version,
  since: z.iso.datetime(),
  by: z.string().min(1),
  description: z.exactOptional(z.string()),
});

/** Where a label was put, since when, by whom. */
export type LabelState = z.infer<typeof labelState>;

const companionSchema = z.strictObject({
  schema: z.literal(SCHEMA),
  /** The version of the companion that this one follows; null for the first. */
  parent: z.string().nullable(),
  /** Tells this write from every other one. */
  nonce: z.string().min(8),
  change: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("move"), move: moveDocument.omit({ schema: true }) }),
    z.strictObject({ kind: z.literal("release"), by: z.string().min(1), reason: z.string() }),
  ]),
  labels: z.record(z.string().refine(isLabelName), labelState),
  /** How many moves there have been. */
  moves: z.int().nonnegative(),
  release: releaseDocument.nullable(),
});

/** One write to a prompt's companion, with what holds after it. */
export type CompanionDocument = Omit<z.infer<typeof companionSchema>, "schema">;

/** What holds: labels as they were put, and the release. */
export interface CompanionState {
  readonly labels: Readonly<Record<string, LabelState>>;
  readonly moves: number;
  readonly release: ReleaseDocument | null;
}

export const emptyCompanion: CompanionState = { labels: {}, moves: 0, release: null };

export function companionEnvelope(document: CompanionDocument): VendorEnvelope {
  return { schema: SCHEMA, ...document };
}

/** Null for a version that is none of ours: somebody edited the companion by hand. */
export function parseCompanion(envelope: VendorEnvelope | null): CompanionDocument | null {
  const parsed = companionSchema.safeParse(envelope);
  if (!parsed.success) return null;
  const { schema: _, ...document } = parsed.data;
  return document;
}

/** The state after a label was moved. */
export function afterMove(state: CompanionState, move: LabelMove): CompanionState {
  const description = move.description ?? state.labels[move.label]?.description;
  const label = {
    version: move.to,
    since: move.at,
    by: move.by,
    ...(description === undefined ? {} : { description }),
  };
  return { ...state, labels: { ...state.labels, [move.label]: label }, moves: move.sequence };
}
