import { GateError } from "../domain/errors.ts";
import type { DatasetSource, PlatformItem } from "../domain/platform.ts";
import { visibleLine } from "../domain/visible.ts";
import { findDataset, readExamples, type PhoenixExamples } from "../http/phoenix-datasets.ts";
import type { PlatformApi } from "../http/platform-api.ts";

// eslint-disable-next-line typescript/require-await
async function* items({ examples }: PhoenixExamples): AsyncGenerator<PlatformItem, void, undefined> {
  for (const { id, input, output, metadata } of examples) {
    // Every example has an output there; an empty one says nothing.
    const expected = Object.keys(output).length === 0 ? {} : { expectedOutput: output };
    yield { id, input, ...expected, metadata };
  }
}

/** Datasets on Phoenix, pinned by the id of a version. */
export function phoenixDatasets(api: PlatformApi): DatasetSource {
  return {
    kind: "datasets",
    async open({ name, version }, signal) {
      const shown = visibleLine(name, 80);
      const dataset = await findDataset(api, name, signal);
      if (dataset === null) {
        throw new GateError("DATASET_INVALID", `phoenix: there is no dataset "${shown}"`, {
          hint: "check the name, and that baseUrl is the server that has it",
        });
      }
      const found = await readExamples(api, { dataset, version }, signal);
      if (found === null) {
        const what = `phoenix: "${shown}" has no version "${visibleLine(version ?? "", 60)}"`;
        throw new GateError("DATASET_INVALID", what, {
          hint: "a version is an id that Phoenix shows, such as RGF0YXNldFZlcnNpb246MQ==",
        });
      }
      return { version: found.version_id, items: items(found) };
    },
  };
}
