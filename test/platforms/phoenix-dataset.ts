import type { PlatformItem } from "../../src/domain/platform.ts";

/** The body of an upload of examples with ids of their own. */
export function dataset(action: "create" | "append", name: string, items: readonly PlatformItem[]) {
  return {
    action,
    name,
    inputs: items.map(({ input }) => input),
    outputs: items.map(({ expectedOutput }) => expectedOutput ?? {}),
    metadata: items.map(({ metadata }) => metadata ?? {}),
    example_ids: items.map(({ id }) => id),
  };
}

/** The examples of a dataset's newest version. */
export function examplesOf<Example>({
  versions,
}: {
  readonly versions: readonly { readonly examples: readonly Example[] }[];
}): readonly Example[] {
  return versions.at(-1)?.examples ?? [];
}
