import { randomUUID } from "node:crypto";
import { GateError } from "../../domain/errors.ts";
import type { LabelMove } from "../../domain/registry.ts";
import {
  companionEnvelope,
  emptyCompanion,
  parseCompanion,
  type CompanionDocument,
  type CompanionState,
} from "./companion-document.ts";
import { createdOnce, mayHaveHappened } from "./lost-answer.ts";
import type { VendorPrompts, VendorRevision } from "./vendor.ts";

/** The label of a companion's newest version: what applications read. */
const ACTIVE = "production";

/** Each attempt in vain is another writer's success. */
const ACTIVATIONS = 40;

interface Link {
  readonly revision: VendorRevision;
  readonly document: CompanionDocument;
}

/** One prompt's companion: our log on a platform that has none. */
export interface Companion {
  readonly state: CompanionState;
  /** All writes, oldest first. */
  readonly links: readonly Link[];
}

/** What a write adds. */
export type CompanionChange =
  | { readonly kind: "move"; readonly move: LabelMove }
  | { readonly kind: "release"; readonly by: string; readonly reason: string };

/** By parent, of its children the one that the platform took first: that one counts, the others lost. */
function firstChildren(links: readonly Link[]): ReadonlyMap<string | null, Link> {
  const youngestFirst = links.toSorted((left, right) => right.revision.order - left.revision.order);
  return new Map(youngestFirst.map((link) => [link.document.parent, link]));
}

/** Follows the writes from the first to the newest. */
export async function readCompanion(vendor: VendorPrompts, prompt: string): Promise<Companion> {
  const revisions = await vendor.listRevisions(vendor.companionOf(prompt));
  const all = revisions.flatMap((revision): Link[] => {
    const document = parseCompanion(revision.envelope);
    return document === null ? [] : [{ revision, document }];
  });
  const children = firstChildren(all);
  const links: Link[] = [];
  for (let link = children.get(null); link !== undefined; link = children.get(link.revision.id)) {
    links.push(link);
  }
  return { state: links.at(-1)?.document ?? emptyCompanion, links };
}

function summary({ change, release }: CompanionDocument, prompt: string): string {
  if (change.kind === "move") {
    const { label, from, to, by } = change.move;
    return `${prompt}: ${label} from ${from ?? "nowhere"} to ${to}, by ${by}`;
  }
  if (release === null) throw new RangeError("a release is written with its document");
  const { stable, candidate, generation } = release;
  const share = candidate === null ? "" : `, ${candidate.version} for ${candidate.weight / 1000} %`;
  return `${prompt}: release ${generation}: ${stable}${share}`;
}

/** Points the label that applications read at the newest write; a slower writer may have put it on an older one. */
export async function activateCompanion(vendor: VendorPrompts, prompt: string): Promise<void> {
  const name = vendor.companionOf(prompt);
  let failures = 0;
  for (let attempt = 0; attempt < ACTIVATIONS; attempt += 1) {
    const newest = (await readCompanion(vendor, prompt)).links.at(-1)?.revision.id;
    if (newest === undefined) return;
    const pointers = (await vendor.pointers(name, ACTIVE)).filter(({ label }) => label === ACTIVE);
    if (pointers.length === 1 && pointers[0]?.id === newest) return;
    try {
      await vendor.point(name, { label: ACTIVE, id: newest }, undefined);
    } catch (error) {
      failures += 1;
      if (!mayHaveHappened(error) || failures > 2) throw error;
    }
  }
  throw new GateError("REGISTRY_CONFLICT", `other writers keep moving ${name} on ${vendor.vendor}`, {
    hint: "run the command again when they are done",
    retryable: true,
  });
}

/**
 * Appends a write that was decided on `before`; false when another writer was first. The platform's own order of versions
 * is the judge: of several that follow the same one, the oldest counts, whoever looks.
 */
export async function appendToCompanion(
  vendor: VendorPrompts,
  prompt: string,
  before: Companion,
  write: { readonly change: CompanionChange; readonly state: CompanionState },
): Promise<boolean> {
  const parent = before.links.at(-1)?.revision.id ?? null;
  const { labels, moves, release } = write.state;
  const document = { parent, nonce: randomUUID(), change: write.change, labels, moves, release };
  const name = vendor.companionOf(prompt);
  const text = summary(document, prompt);
  const isOurs = (revision: VendorRevision): boolean =>
    parseCompanion(revision.envelope)?.nonce === document.nonce;
  const created = await createdOnce(
    () =>
      vendor.create(name, {
        messages: [{ role: "user", content: text }],
        envelope: companionEnvelope(document),
        note: text,
        model: { name: "promptgate", parameters: {} },
      }),
    async () => (await vendor.listRevisions(name)).find(isOurs),
  );
  const counts = async (): Promise<boolean> =>
    (await readCompanion(vendor, prompt)).links.some(({ revision }) => revision.id === created.id);
  if (!(await counts())) return false;
  await activateCompanion(vendor, prompt);
  return vendor.showsLate === true ? counts() : true;
}
