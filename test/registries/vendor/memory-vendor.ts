import type { Message } from "../../../src/domain/prompt.ts";
import type { VendorPrompts, VendorRevision } from "../../../src/registries/vendor/vendor.ts";

/** How far the platform keeps its word. */
export interface MemoryVendorQuirks {
  /** Called before and after each write; may throw, as a platform does that fails before or after it has committed. */
  readonly beforeWrite?: (what: string) => void;
  readonly afterWrite?: (what: string) => void;
  /** True: two writers that point one label at the same moment leave it on both versions. */
  readonly losesRaces?: boolean;
}

interface StoredPrompt {
  readonly revisions: VendorRevision[];
  readonly pointers: Map<string, Set<string>>;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A platform in memory that answers as slowly as real ones interleave. */
export function memoryVendor(quirks: MemoryVendorQuirks = {}): VendorPrompts & {
  /** Somebody edits by hand. */
  edit(prompt: string, messages: readonly Message[] | null): VendorRevision;
} {
  const prompts = new Map<string, StoredPrompt>();

  function promptOf(name: string): StoredPrompt {
    const known = prompts.get(name) ?? { revisions: [], pointers: new Map<string, Set<string>>() };
    prompts.set(name, known);
    return known;
  }

  function add(name: string, revision: Omit<VendorRevision, "id" | "order" | "createdAt">): VendorRevision {
    const { revisions } = promptOf(name);
    const order = revisions.length + 1;
    const stored = { ...revision, id: `${name}:${order}`, order, createdAt: "2026-11-20T00:00:00.000Z" };
    revisions.push(stored);
    return stored;
  }

  return {
    vendor: "memory",
    nameProblem: (prompt) => {
      const twin = [...prompts.keys()].find(
        (name) => name !== prompt && name.toLowerCase() === prompt.toLowerCase(),
      );
      return twin === undefined ? null : `it differs only in case from ${twin}`;
    },
    labelProblem: (label) => (label.length > 60 ? "a label has at most 60 characters" : null),
    templateProblem: () => null,
    companionOf: (prompt) => `${prompt}.rollout`,
    listNames: async () => {
      await turn();
      return [...prompts].filter(([, { revisions }]) => revisions.length > 0).map(([name]) => name);
    },
    listRevisions: async (prompt) => {
      await turn();
      return [...(prompts.get(prompt)?.revisions ?? [])];
    },
    create: async (prompt, { messages, envelope, note }) => {
      await turn();
      quirks.beforeWrite?.(`create ${prompt}`);
      const copy = structuredClone({ messages, envelope, note });
      const revision = add(prompt, { ...copy, problem: null, model: null, createdBy: "api" });
      quirks.afterWrite?.(`create ${prompt}`);
      return revision;
    },
    pointers: async (prompt) => {
      await turn();
      const entries = [...(prompts.get(prompt)?.pointers ?? [])];
      return entries.flatMap(([label, ids]) => [...ids].map((id) => ({ label, id })));
    },
    point: async (prompt, { label, id }) => {
      const { pointers } = promptOf(prompt);
      const before = new Set(pointers.get(label));
      await turn();
      quirks.beforeWrite?.(`point ${prompt} ${label}`);
      // A careless platform removes the label only from where it saw it.
      const kept =
        quirks.losesRaces === true
          ? [...(pointers.get(label) ?? [])].filter((other) => !before.has(other))
          : [];
      pointers.set(label, new Set([...kept, id]));
      quirks.afterWrite?.(`point ${prompt} ${label}`);
    },
    edit: (prompt, messages) =>
      add(prompt, {
        messages,
        problem: messages === null ? "it has a loop" : null,
        envelope: null,
        model: { name: "gpt-4o-mini", parameters: {} },
        createdBy: "Grace",
        note: "",
      }),
  };
}
