import type { PlatformAnswer, PlatformCall } from "./platform-server.ts";

interface Example {
  readonly id: string;
  readonly node: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly metadata: unknown;
}

interface Dataset {
  readonly id: string;
  readonly name: string;
  /** Oldest first. */
  readonly versions: { readonly id: string; readonly examples: readonly Example[] }[];
}

interface Experiment {
  readonly id: string;
  readonly dataset: string;
  readonly version: string;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Run {
  readonly id: string;
  readonly experiment: string;
  readonly body: Readonly<Record<string, unknown>>;
}

type Values = Readonly<Record<string, unknown>>;

const AT = "2026-11-20T12:00:00+00:00";
const text = (status: number, words: string): PlatformAnswer => ({ status, text: words });
const answered = (data: unknown): PlatformAnswer => ({ status: 200, body: { data } });
const listed = (data: readonly unknown[]): PlatformAnswer => ({
  status: 200,
  body: { data, next_cursor: null },
});

/** Datasets and experiments on a Phoenix, with its habits. */
export function phoenixExperiments() {
  const datasets: Dataset[] = [];
  const experiments: Experiment[] = [];
  const runs: Run[] = [];
  /** By run and name: a further one replaces what is there. */
  const evaluations = new Map<string, Values>();
  let numbers = 0;

  function newId(type: string): string {
    numbers += 1;
    return Buffer.from(`${type}:${numbers}`).toString("base64");
  }

  function exampleOf(
    known: Example | undefined,
    id: string | undefined,
    values: Omit<Example, "id" | "node">,
  ): Example {
    const node = known?.node ?? newId("DatasetExample");
    return { id: id ?? node, node, ...values };
  }

  function upload(body: Values): PlatformAnswer {
    const {
      action,
      name,
      inputs,
      outputs,
      metadata,
      example_ids: ids,
    } = body as unknown as {
      action: string;
      name: string;
      inputs: unknown[];
      outputs: unknown[];
      metadata: unknown[];
      example_ids?: string[];
    };
    let dataset = datasets.find((one) => one.name === name);
    if (dataset !== undefined && action === "create")
      return text(409, `A dataset named "${name}" already exists.`);
    if (dataset === undefined) {
      dataset = { id: newId("Dataset"), name, versions: [] };
      datasets.push(dataset);
    }
    const examples = [...(dataset.versions.at(-1)?.examples ?? [])];
    for (const [at, input] of inputs.entries()) {
      const own = ids?.[at];
      const place = examples.findIndex(({ id }) => id === own);
      const values = { input, output: outputs[at] ?? {}, metadata: metadata[at] ?? {} };
      const example = exampleOf(examples[place], own, values);
      if (place === -1) examples.push(example);
      else examples[place] = example;
    }
    const version = { id: newId("DatasetVersion"), examples };
    dataset.versions.push(version);
    const counts = { num_created_examples: inputs.length, num_updated_examples: 0, num_deleted_examples: 0 };
    return answered({ dataset_id: dataset.id, version_id: version.id, ...counts });
  }

  function readExamples(dataset: Dataset, wanted: string | null): PlatformAnswer {
    if (wanted !== null && !wanted.startsWith("RGF0"))
      return text(422, `Invalid dataset version ID format: ${wanted}`);
    const version =
      wanted === null ? dataset.versions.at(-1) : dataset.versions.find(({ id }) => id === wanted);
    if (version === undefined) return text(404, `No dataset version with id ${wanted} can be found.`);
    const examples = version.examples.map(({ node, ...example }) => ({
      ...example,
      node_id: node,
      updated_at: AT,
    }));
    return answered({ dataset_id: dataset.id, version_id: version.id, filtered_splits: [], examples });
  }

  function shown({ id, dataset, version, body }: Experiment): object {
    const { name, description, repetitions, metadata } = body;
    const counts = { example_count: 0, successful_run_count: 0, failed_run_count: 0, missing_run_count: 0 };
    const place = { dataset_id: dataset, dataset_version_id: version, project_name: null };
    return {
      id,
      name,
      description,
      repetitions,
      metadata,
      ...place,
      ...counts,
      created_at: AT,
      updated_at: AT,
    };
  }

  function createExperiment(dataset: Dataset, body: Values): PlatformAnswer {
    const { version_id: version = "" } = body as { version_id?: string };
    const experiment = { id: newId("Experiment"), dataset: dataset.id, version, body };
    experiments.push(experiment);
    return answered(shown(experiment));
  }

  function createRun(experiment: string, body: Values): PlatformAnswer {
    const example = body["dataset_example_id"];
    const nodes = datasets.flatMap(({ versions }) => versions.flatMap(({ examples }) => examples));
    // The ids that users gave are none here.
    if (!nodes.some(({ node }) => node === example)) return text(500, "Internal Server Error");
    const known = runs.find(
      (run) =>
        run.experiment === experiment &&
        run.body["dataset_example_id"] === example &&
        run.body["repetition_number"] === body["repetition_number"],
    );
    if (known !== undefined)
      return text(409, `Experiment run ${known.id} already exists with a successful result`);
    const run = { id: newId("ExperimentRun"), experiment, body };
    runs.push(run);
    return answered({ id: run.id });
  }

  function readRuns(experiment: string): PlatformAnswer {
    const rows = runs.filter((run) => run.experiment === experiment);
    return listed(
      rows.map(({ id, body }) => ({ trace_id: null, error: null, ...body, id, experiment_id: experiment })),
    );
  }

  function evaluate(body: Values): PlatformAnswer {
    const run = String(body["experiment_run_id"]);
    if (!runs.some(({ id }) => id === run)) return text(404, "Experiment run does not exist");
    evaluations.set(`${run} ${String(body["name"])}`, body);
    return answered({ id: newId("ExperimentEvaluation") });
  }

  function listDatasets(query: URLSearchParams): PlatformAnswer {
    const name = query.get("name");
    const rows = datasets.filter((one) => name === null || one.name === name);
    const times = { created_at: AT, updated_at: AT };
    return listed(
      rows.map((one) => ({
        id: one.id,
        name: one.name,
        description: "",
        metadata: {},
        ...times,
        example_count: 0,
      })),
    );
  }

  return {
    datasets,
    experiments,
    runs,
    evaluations,
    upload,
    /** Null = it is none of the calls about datasets. */
    answer({ method, path, query, body }: PlatformCall): PlatformAnswer | null {
      const values = (body ?? {}) as Values;
      if (path === "/v1/datasets") return listDatasets(query);
      if (path === "/v1/datasets/upload") return upload(values);
      if (path === "/v1/experiment_evaluations") return evaluate(values);
      const [, kind, encoded = "", part] =
        /^\/v1\/(datasets|experiments)\/([^/]+)\/(examples|experiments|runs)$/.exec(path) ?? [];
      const id = decodeURIComponent(encoded);
      if (kind === "experiments") return method === "POST" ? createRun(id, values) : readRuns(id);
      if (kind !== "datasets") return null;
      const dataset = datasets.find((one) => one.id === id);
      if (dataset === undefined) return text(404, "Dataset not found");
      if (part === "examples") return readExamples(dataset, query.get("version_id"));
      if (method === "POST") return createExperiment(dataset, values);
      return listed(experiments.filter((one) => one.dataset === id).map(shown));
    },
  };
}
