import type { PlatformItem } from "../../domain/platform.ts";

type Written = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Written {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * An item of a platform as a line of a dataset, before the schema of cases: `input` is the variables (what is no mapping
 * is the variable `input`), the expected output is `expected`, and `promptgate` among the metadata has the other fields of
 * a case. Everything else there is a note.
 */
export function writtenCase({ id, input, expectedOutput, metadata }: PlatformItem): Written {
  const own = isMapping(metadata) ? metadata["promptgate"] : undefined;
  const hasExpected = expectedOutput !== undefined && expectedOutput !== null;
  return {
    // Fields that an item has elsewhere cannot be overwritten; what is no mapping fails in the schema, by its name.
    ...(isMapping(own) ? own : own === undefined ? {} : { promptgate: own }),
    id,
    vars: isMapping(input) ? input : { input },
    ...(hasExpected ? { expected: expectedOutput } : {}),
  };
}
