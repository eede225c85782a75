import * as z from "zod";
import { phoenixRows } from "./phoenix.ts";
import type { PlatformApi } from "./platform-api.ts";

const datasetRow = z.object({ id: z.string(), name: z.string() });
const examplesAnswer = z.object({
  data: z.object({
    version_id: z.string(),
    examples: z.array(
      z.object({
        /** The user's own, where it was given one. */
        id: z.string(),
        node_id: z.string().optional(),
        input: z.record(z.string(), z.unknown()),
        output: z.record(z.string(), z.unknown()),
        metadata: z.record(z.string(), z.unknown()),
      }),
    ),
  }),
});

/** A dataset at one version. */
export type PhoenixExamples = z.infer<typeof examplesAnswer>["data"];

/** The id of a dataset; null when there is none of the name. */
export async function findDataset(
  api: PlatformApi,
  name: string,
  signal: AbortSignal,
): Promise<string | null> {
  const rows = await phoenixRows(api, datasetRow, {
    path: "/v1/datasets",
    query: { name },
    limit: 100,
    signal,
  });
  return rows.find((row) => row.name === name)?.id ?? null;
}

/** All examples, of the newest version unless another one is named; null when there is no such version. */
export async function readExamples(
  api: PlatformApi,
  { dataset, version }: { readonly dataset: string; readonly version: string | undefined },
  signal: AbortSignal,
): Promise<PhoenixExamples | null> {
  const path = `/v1/datasets/${encodeURIComponent(dataset)}/examples`;
  const query = { version_id: version };
  // 422: an id of something else, or of nothing.
  const answer = await api.send({ method: "GET", path, query, accept: [404, 422], signal });
  return answer.status === 200 ? api.read(examplesAnswer, answer).data : null;
}
