import type { Message, ModelParameters } from "../../domain/prompt.ts";
import type { ReleaseDocument } from "../../domain/release.ts";

/** What promptgate keeps beside the messages of a version, or instead of them: JSON, stored word for word. */
export type VendorEnvelope = Readonly<Record<string, unknown>>;

/** One immutable version as the platform has it. */
export interface VendorRevision {
  /** The platform's own id. */
  readonly id: string;
  /** Rises with every version of the prompt; equal for nobody else. */
  readonly order: number;
  /** Null when the platform's template says more than `{{name}}` can; `problem` says what. */
  readonly messages: readonly Message[] | null;
  readonly problem: string | null;
  /** Null for a version that somebody made by hand. */
  readonly envelope: VendorEnvelope | null;
  /** The model that the platform shows with it, for hand-made versions; null = it shows none. */
  readonly model: { readonly name: string; readonly parameters: ModelParameters } | null;
  /** ISO 8601, UTC; null when the platform does not say. */
  readonly createdAt: string | null;
  readonly createdBy: string | null;
  /** The commit message. */
  readonly note: string;
}

/** What a new version holds. */
export interface VendorContent {
  readonly messages: readonly Message[];
  readonly envelope: VendorEnvelope;
  readonly note: string;
  /** The model id and parameters, for platforms that show or demand them; the envelope decides. */
  readonly model: { readonly name: string; readonly parameters: Readonly<Record<string, unknown>> };
}

/** A label on a version; a platform that loses a race may show one label twice. */
interface VendorPointer {
  readonly label: string;
  readonly id: string;
}

/**
 * What a platform's API can do, one operation each, and nothing that decides: `vendorRegistry` makes a registry of it.
 * Reads are uncached. Every method throws `AUTHENTICATION`, `RATE_LIMITED`, `TIMEOUT`, `NETWORK` or `REGISTRY_FAILED`.
 */
export interface VendorPrompts {
  /** For messages: `langfuse`. */
  readonly vendor: string;
  /** Why the platform cannot have a prompt of this name; null = it can. */
  nameProblem(prompt: string): string | null;
  /** Why the platform cannot have this label; null = it can. */
  labelProblem(label: string): string | null;
  /** Why a template cannot be written in the platform's syntax so that it comes back the same; null = it can. */
  templateProblem(messages: readonly Message[]): string | null;
  /** Where promptgate keeps its own document of a prompt: another prompt's name. */
  companionOf(prompt: string): string;
  /** All prompts, companions included, in any order. */
  listNames(): Promise<readonly string[]>;
  /** True where a version may show up after a younger one that was made in the same instant. */
  readonly showsLate?: boolean;
  /** All versions, oldest first; empty when there is no such prompt. */
  listRevisions(prompt: string): Promise<readonly VendorRevision[]>;
  /** Adds a version without a label. Never repeated by itself: a lost answer is looked up by the caller. */
  create(prompt: string, content: VendorContent): Promise<VendorRevision>;
  /**
   * Labels and what they point at; empty when there is no such prompt. The platform's own `latest` is left out. Who names
   * a label looks at that one only: the others may be left out where they cost further calls.
   */
  pointers(prompt: string, label?: string): Promise<readonly VendorPointer[]>;
  /** Moves or creates a label. */
  point(prompt: string, pointer: VendorPointer, description: string | undefined): Promise<void>;
  /** Where the platform splits traffic itself: brings its weights in line. Called after every release. */
  mirrorRelease?(release: ReleaseDocument, revisions: ReadonlyMap<string, VendorRevision>): Promise<void>;
}
