import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import type { PlatformApi } from "./platform-api.ts";

const datasetRows = z.array(z.object({ id: z.string(), name: z.string() }));

/** The id of a dataset. Throws `DATASET_INVALID` when there is none of that name. */
export async function findDataset(api: PlatformApi, name: string, signal: AbortSignal): Promise<string> {
  const request = { method: "GET", path: "/datasets", query: { name, limit: 100 }, signal } as const;
  const found = api.read(datasetRows, await api.send(request)).find((row) => row.name === name);
  if (found !== undefined) return found.id;
  throw new GateError("DATASET_INVALID", `langsmith: there is no dataset "${visibleLine(name, 80)}"`, {
    hint: "check the name, and that the key is of the workspace that has it",
  });
}
