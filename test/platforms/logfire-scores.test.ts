import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Experiment, ScoreExport } from "../../src/domain/platform.ts";
import { openPlatform } from "../../src/platforms/index.ts";
import { logfireScores } from "../../src/platforms/logfire-scores.ts";
import {
  anAnswer,
  anExperiment,
  scoreExportContract,
  type FoundExperiment,
} from "../contracts/score-export.contract.ts";
import {
  API_KEY,
  connectionTo,
  READ_TOKEN,
  startLogfire,
  WRITE_TOKEN,
  type LogfireServer,
} from "../loopback/logfire-server.ts";

const never = new AbortController().signal;

function scoresOn(server: LogfireServer): ScoreExport {
  const { key: _, ...connection } = connectionTo(server);
  return logfireScores({ ...connection, writeToken: WRITE_TOKEN, readToken: READ_TOKEN });
}

interface Shown {
  readonly case_name: string;
  readonly output?: string;
  readonly scores: Readonly<Record<string, { readonly value: number }>>;
}

/** What the page of the experiment shows: the cases below its root. */
function find({ traffic }: LogfireServer, { name }: Pick<Experiment, "name">): FoundExperiment {
  const root = traffic.records.find(({ attributes }) => attributes["name"] === name);
  const cases = traffic.records.filter(({ parent_span_id: parent }) => parent === root?.span_id);
  return {
    answers: cases.map(({ attributes }) => {
      const { case_name: caseId, output = null, scores } = attributes as unknown as Shown;
      const values = Object.entries(scores).map(([metric, { value }]) => [metric, value] as const);
      return { caseId, output, scores: Object.fromEntries(values) };
    }),
  };
}

scoreExportContract("an export to Logfire", async () => {
  const server = await startLogfire();
  return {
    scores: scoresOn(server),
    prepare: async () => undefined,
    find: async (experiment) => find(server, experiment),
    loseAnswer: () => server.fail(/^POST .*traces$/, { kind: "done", status: 500 }),
    cleanup: async () => server.close(),
  };
});

describe("an export to Logfire", () => {
  let server: LogfireServer;
  beforeEach(async () => {
    server = await startLogfire();
  });
  afterEach(async () => server.close());

  it("is an experiment as the vendor's own library tells it", async () => {
    await scoresOn(server).write(anExperiment(), never);
    const [root, first] = server.traffic.records;
    expect(root?.attributes).toMatchObject({
      "gen_ai.operation.name": "experiment",
      name: "greeter 1.1.0 candidate 0a1b2c3d4e5f",
      task_name: "greeter@1.1.0",
      dataset_name: "golden",
      n_cases: 7,
      "logfire.experiment.metadata": {
        n_cases: 7,
        metadata: { side: "candidate", verdict: "pass", version: "1.1.0" },
        averages: {
          scores: { price: 1, faithfulness: 0.5 },
          task_duration: expect.closeTo(0.812, 9) as number,
        },
      },
    });
    expect(first).toMatchObject({ parent_span_id: root?.span_id, duration: 0.812 });
    expect(first?.attributes).toMatchObject({
      case_name: "case-0",
      inputs: { query: "about case-0" },
      expected_output: "forty",
      task_duration: 0.812,
      metrics: { cost: 0.0004, input_tokens: 12, output_tokens: 30 },
      scores: {
        price: { name: "price", value: 1, reason: null, source: { name: "price", arguments: null } },
      },
    });
  });

  it("tells samples of one case apart, and leaves out what was not measured", async () => {
    const unmeasured = { latencyMs: null, costUsd: null, inputTokens: null, outputTokens: null };
    const answers = [0, 1].map((sample) => anAnswer("one", { sample, ...unmeasured }));
    await scoresOn(server).write(anExperiment({ answers }), never);
    const [root, ...cases] = server.traffic.records;
    expect(cases.map(({ attributes }) => attributes["case_name"])).toEqual(["one [1]", "one [2]"]);
    expect(cases[0]?.attributes).toMatchObject({ metrics: {}, "logfire.experiment.source_case_name": "one" });
    expect(cases[0]?.attributes).not.toHaveProperty("task_duration");
    expect(root?.attributes["logfire.experiment.metadata"]).not.toHaveProperty("averages");
  });

  it("says when what was sent is not shown yet", async () => {
    server.fail(/query$/, { kind: "status", status: 200, body: '{"data":[]}' }, 100);
    const { notes } = await scoresOn(server).write(anExperiment(), never);
    expect(notes).toEqual([expect.stringContaining("8 spans were sent and are not shown yet") as string]);
  });

  it("says a server's fault without the token", async () => {
    const body = `{"detail":"no access for ${WRITE_TOKEN}"}`;
    server.fail(/traces$/, { kind: "status", status: 403, body });
    const failure = await scoresOn(server)
      .write(anExperiment(), never)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "AUTHENTICATION",
      hint: expect.stringContaining("writeToken") as string,
    });
    expect((failure as Error).message).not.toContain(WRITE_TOKEN);
  });

  it("needs both tokens, and says so", async () => {
    const options = { apiKey: API_KEY, baseUrl: server.baseUrl, writeToken: WRITE_TOKEN };
    const open = async (changes: object): Promise<unknown> =>
      (await openPlatform("logfire", { ...options, ...changes }, { now: () => 0 })).scores;
    expect(await open({})).toMatchObject({
      kind: "lacking",
      reason: expect.stringContaining("readToken") as string,
    });
    expect(await open({ readToken: READ_TOKEN })).toMatchObject({ kind: "scores" });
  });
});
