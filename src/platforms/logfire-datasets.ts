import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { DatasetSource, PlatformItem } from "../domain/platform.ts";
import { visibleLine } from "../domain/visible.ts";
import type { PlatformApi } from "../http/platform-api.ts";

const dataset = z.object({ id: z.string(), name: z.string() });

const item = z.object({
  id: z.string(),
  name: z.string().nullish(),
  inputs: z.unknown(),
  expected_output: z.unknown(),
  metadata: z.unknown(),
});

/** All datasets of the project; there are no pages of them. */
async function datasetsOf(api: PlatformApi, signal: AbortSignal): Promise<z.infer<typeof dataset>[]> {
  const answer = await api.send({ method: "GET", path: "/v1/datasets/", signal });
  return api.read(z.array(dataset), answer);
}

function missing(name: string): GateError {
  return new GateError("DATASET_INVALID", `logfire: there is no dataset "${visibleLine(name, 80)}"`, {
    hint: "check the name, and that apiKey is of the project that has it",
  });
}

function itemOf({ id, name, inputs, expected_output, metadata }: z.infer<typeof item>): PlatformItem {
  return {
    id: name ?? id,
    input: inputs,
    ...(expected_output === undefined || expected_output === null ? {} : { expectedOutput: expected_output }),
    ...(metadata === undefined || metadata === null ? {} : { metadata }),
  };
}

/** Datasets on Logfire, which keeps them as they are now and in no versions: they are pinned by their digest. */
export function logfireDatasets(api: PlatformApi): DatasetSource {
  async function* items(id: string, signal: AbortSignal): AsyncGenerator<PlatformItem, void, undefined> {
    const path = `/v1/datasets/${encodeURIComponent(id)}/cases/`;
    const cases = api.read(z.array(item), await api.send({ method: "GET", path, signal }));
    for (const one of cases) yield itemOf(one);
  }

  return {
    kind: "datasets",
    async open({ name, version }, signal) {
      if (version !== undefined) {
        throw new GateError("DATASET_INVALID", "logfire has no versions of datasets", {
          hint: "pin the dataset by its digest, as plan and gate print it",
        });
      }
      // Names may hold slashes, which a path cannot say: the id is asked for.
      const found = (await datasetsOf(api, signal)).find((one) => one.name === name);
      if (found === undefined) throw missing(name);
      return { version: null, items: items(found.id, signal) };
    },
  };
}
