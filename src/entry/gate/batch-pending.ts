import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunDirectory } from "./run-directory.ts";

/** What a run without batches should say about those that an earlier command submitted; null = there are none. */
export async function pendingBatches({ absolutePath }: RunDirectory): Promise<string | null> {
  const names = await readdir(join(absolutePath, "batches")).catch(() => []);
  const closed = new Set(names.flatMap((name) => /^(.+)\.closed\.json$/.exec(name)?.[1] ?? []));
  const open = names.flatMap((name) => /^(.+)\.created\.json$/.exec(name)?.[1] ?? []);
  const count = open.filter((name) => !closed.has(name)).length;
  if (count === 0) return null;
  const batches = count === 1 ? "1 batch" : `${count} batches`;
  return `${batches} of this run may still be paid for at the provider: --batch takes their answers, without it they are asked for anew`;
}
