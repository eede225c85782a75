import { GateError } from "../domain/errors.ts";
import { labelTarget, type LogfireVariable, type LogfireVariables } from "./logfire-variables.ts";

/** A variable of our own that shows what this server does with labels which an update does not name. */
const PROBE = "promptgate_probe";
const DESCRIPTION = "How this server treats labels in an update; written by promptgate";

function probeLabel(name: "first" | "second") {
  return { [name]: { target_type: "version", serialized_value: `"${name}"` } } as const;
}

/** Whether labels stay that an update does not name, as far as it was found out; null = nobody has tried it yet. */
export function knownToStay(variables: ReadonlyMap<string, LogfireVariable>): boolean | null {
  const labels = variables.get(PROBE)?.labels ?? {};
  return Object.hasOwn(labels, "second") ? Object.hasOwn(labels, "first") : null;
}

/**
 * True when labels stay that an update does not name. The vendor does not say, and to find out on a prompt could take
 * `production` away from people.
 */
async function labelsStay(calls: LogfireVariables): Promise<boolean> {
  const before = await calls.readAll();
  const known = knownToStay(before);
  if (known !== null) return known;
  if (!before.has(PROBE)) await calls.create(PROBE, DESCRIPTION, { labels: probeLabel("first") });
  await calls.update(PROBE, { labels: probeLabel("second") });
  const probe = await calls.settled(PROBE, ({ labels }) => Object.hasOwn(labels, "second"));
  if (probe !== null) return Object.hasOwn(probe.labels, "first");
  throw new GateError("REGISTRY_FAILED", `logfire does not show what was written to ${PROBE}`, {
    hint: "run the command again in a minute",
    retryable: true,
  });
}

function replacing(): GateError {
  return new GateError(
    "REGISTRY_FAILED",
    "logfire: this server removes the labels that an update does not name, so that two writers would undo each other's moves",
    {
      hint: "where only one job at a time writes prompts, set registry.singleWriter: true; see docs/registry-logfire.md",
    },
  );
}

/**
 * Updates that leave labels alone which they do not name. Where the server removes those, throws `REGISTRY_FAILED` and
 * changes nothing, unless there is one writer at a time: then every update names all labels as they were just before.
 */
export function gentleUpdates(
  calls: LogfireVariables,
  { singleWriter }: { readonly singleWriter: boolean },
): LogfireVariables["update"] {
  let stays: boolean | null = null;
  return async (name, changes) => {
    stays ??= await labelsStay(calls);
    if (stays) return calls.update(name, changes);
    if (!singleWriter) throw replacing();
    const current = (await calls.readAll()).get(name)?.labels ?? {};
    const labels = Object.entries(current).map(([label, target]) => [label, labelTarget(target)] as const);
    return calls.update(name, { ...changes, labels: { ...Object.fromEntries(labels), ...changes.labels } });
  };
}
