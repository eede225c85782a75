import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../../src/domain/finding.ts";
import type { Experiment, Platform, ProbeQuestion } from "../../src/domain/platform.ts";
import { openPlatform } from "../../src/platforms/index.ts";
import { datasetSourceContract } from "../contracts/dataset-source.contract.ts";
import {
  anAnswer,
  anExperiment,
  scoreExportContract,
  type FoundExperiment,
} from "../contracts/score-export.contract.ts";
import { API_KEY, connectionTo, startPhoenix, type PhoenixServer } from "../loopback/phoenix-server.ts";
import { dataset, examplesOf } from "./phoenix-dataset.ts";

const never = new AbortController().signal;
const lines = (findings: readonly Finding[]): string[] =>
  findings.map(({ kind, message }) => `${kind}: ${message}`);
const UNKNOWN = "RGF0YXNldFZlcnNpb246OTk5";

async function platformOn(
  { baseUrl }: Pick<PhoenixServer, "baseUrl">,
  changes: { readonly apiKey?: string | undefined; readonly now?: number } = {},
): Promise<Platform> {
  const { apiKey = API_KEY, now = Date.now() } = changes;
  return openPlatform("phoenix", { baseUrl, apiKey, timeout: "10s" }, { now: () => now });
}

datasetSourceContract("datasets on Phoenix", {
  create: async () => {
    const server = await startPhoenix();
    const { datasets } = await platformOn(server);
    if (datasets.kind !== "datasets") throw new Error(datasets.reason);
    return {
      source: datasets,
      put: async (name, item) => void server.experiments.upload(dataset("append", name, [item])),
      later: async () => undefined,
      cleanup: async () => server.close(),
    };
  },
  withoutVersions: null,
  unknownVersion: UNKNOWN,
});

/** What the page of the experiment shows. */
function find({ experiments }: PhoenixServer, { id }: Experiment): FoundExperiment {
  const own = experiments.experiments.filter(
    ({ body }) => (body["metadata"] as { promptgate: string }).promptgate === id,
  );
  expect(own).toHaveLength(1);
  const runs = experiments.runs.filter(({ experiment }) => experiment === own[0]?.id);
  const examples = experiments.datasets.flatMap(examplesOf);
  return {
    answers: runs.map((run) => {
      const scores = [...experiments.evaluations.values()].filter(
        (evaluation) => evaluation["experiment_run_id"] === run.id,
      );
      return {
        caseId: examples.find(({ node }) => node === run.body["dataset_example_id"])?.id ?? "",
        output: run.body["output"] as string | null,
        scores: Object.fromEntries(
          scores.map(({ name, result }) => [name, (result as { score: number }).score]),
        ),
      };
    }),
  };
}

scoreExportContract("an export to Phoenix", async () => {
  const server = await startPhoenix();
  const { scores } = await platformOn(server);
  if (scores.kind !== "scores") throw new Error(scores.reason);
  return {
    scores,
    prepare: async (name, ids) => {
      server.experiments.upload(
        dataset(
          "append",
          name,
          ids.map((id) => ({ id, input: {} })),
        ),
      );
    },
    find: async (experiment) => find(server, experiment),
    loseAnswer: () => server.fail(/^POST .*(runs|experiments|evaluations)$/, { kind: "done", status: 500 }),
    cleanup: async () => server.close(),
  };
});

describe("Phoenix beside its prompts", () => {
  let server: PhoenixServer;
  beforeEach(async () => {
    server = await startPhoenix();
  });
  afterEach(async () => server.close());

  async function write(experiment: Experiment) {
    const { scores } = await platformOn(server);
    if (scores.kind !== "scores") throw new Error(scores.reason);
    return scores.write(experiment, never);
  }

  it("takes repeated answers as repetitions, and makes one dataset of the cases of a file", async () => {
    const answers = [0, 1, 2].map((sample) => anAnswer("a/b ä", { sample, output: `${sample}` }));
    const first = await write(anExperiment({ dataset: null, answers }));
    await write(anExperiment({ dataset: null, answers, id: "greeter-1a2b3c4d5e6f/baseline" }));
    expect(server.experiments.datasets.map(({ name }) => name)).toEqual([
      `promptgate greeter ${anExperiment().datasetDigest.slice(-12)}`,
    ]);
    const [stored] = server.experiments.experiments;
    expect(stored?.body).toMatchObject({ repetitions: 3, metadata: { verdict: "pass", side: "candidate" } });
    const outputs = new Set(find(server, anExperiment()).answers.map(({ output }) => output));
    expect(outputs).toEqual(new Set(["0", "1", "2"]));
    const place = `${encodeURIComponent(stored?.dataset ?? "")}/compare?experimentId=${encodeURIComponent(stored?.id ?? "")}`;
    expect(first.url).toBe(`${server.baseUrl}/datasets/${place}`);
  });

  it("adds the cases of a file that an earlier run was decided without, and no others", async () => {
    const [one, two] = ["greeter-1/candidate", "greeter-2/candidate"] as const;
    const [first, second] = [anAnswer("a"), anAnswer("b")];
    await write(anExperiment({ dataset: null, id: one, answers: [first] }));
    await write(anExperiment({ dataset: null, id: two, answers: [first, second] }));
    await write(anExperiment({ dataset: null, id: two, answers: [first, second] }));
    const [only] = server.experiments.datasets;
    expect(only?.versions.map(({ examples }) => examples.map(({ id }) => id))).toEqual([["a"], ["a", "b"]]);
    expect(find(server, anExperiment({ id: two })).answers).toHaveLength(2);
  });

  it("says how many answers are to cases that it does not have", async () => {
    server.experiments.upload(dataset("create", "golden", [{ id: "case-0", input: {} }]));
    expect(await write(anExperiment())).toMatchObject({
      answers: 1,
      scores: 2,
      notes: ["6 answers are to cases that the dataset on Phoenix does not have"],
    });
  });

  it("takes no answers to a dataset that is gone", async () => {
    await expect(write(anExperiment())).rejects.toMatchObject({ code: "DATASET_INVALID" });
  });

  it("says nothing of an expected output that an example does not have", async () => {
    server.experiments.upload(dataset("create", "golden", [{ id: "one", input: { query: "?" } }]));
    const { datasets } = await platformOn(server);
    if (datasets.kind !== "datasets") throw new Error(datasets.reason);
    const { items } = await datasets.open({ name: "golden" }, never);
    for await (const item of items) expect(item).not.toHaveProperty("expectedOutput");
  });

  const everything: ProbeQuestion = {
    prompts: ["greeter"],
    labels: ["production"],
    uses: new Set(["registry", "metrics", "datasets", "scores"]),
  };
  it("is all in order, without a write, and what cannot be seen is said", async () => {
    const found = await (await platformOn(server)).probe(everything, never);
    expect(lines(found)).toEqual([
      `ok: ${server.baseUrl} is reachable and runs Phoenix 20.26.1`,
      "ok: clock: within a minute of the server's",
      "ok: prompts can be read",
      "ok: projects can be read",
      "ok: datasets can be read",
      "skipped: whether the key may write is not told before something is written: viewers may not",
      "ok: names of prompts and labels are as Phoenix wants them",
    ]);
    expect(server.calls.filter((call) => !call.startsWith("GET "))).toEqual([]);
  });

  it("has a wrong key, a clock, a name that are not in order, which is said with the remedy", async () => {
    const platform = await platformOn(server, { apiKey: "another-secret", now: Date.now() + 600_000 });
    const found = await platform.probe({ ...everything, prompts: ["Greeter"] }, never);
    expect(found.map(({ kind }) => kind)).toEqual(["ok", "warning", "problem", "problem"]);
    expect(JSON.stringify(found)).toContain("check apiKey");
    expect(JSON.stringify(found)).toContain("prompt Greeter: names have lowercase letters");
    expect(JSON.stringify(found)).not.toContain("another-secret");
  });

  it.each([
    ["another server", { kind: "status", status: 200, body: "<html>" } as const, "is no Phoenix"],
    ["no server", { kind: "status", status: 404, body: "" } as const, "is no Phoenix"],
  ])("is found to be %s", async (_, fault, words) => {
    server.fail(/version/, fault, 10);
    const platform = await openPlatform("phoenix", connectionOptions(), { now: Date.now });
    const [finding] = await platform.probe({ ...everything, uses: new Set(["metrics"]) }, never);
    expect(finding).toMatchObject({ kind: "problem", message: expect.stringContaining(words) as string });
  });

  function connectionOptions(): Record<string, string> {
    const { baseUrl, apiKey } = connectionTo(server);
    return { baseUrl, apiKey };
  }
});
