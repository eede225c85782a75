import { afterEach, describe, expect, it } from "vitest";
import type { Experiment, ScoreExport } from "../../src/domain/platform.ts";
import { langfuseApi } from "../../src/http/langfuse.ts";
import { langfuseScores } from "../../src/platforms/langfuse-scores.ts";
import { langfuseRegistry } from "../../src/registries/langfuse.ts";
import {
  anExperiment,
  scoreExportContract,
  type FoundExperiment,
} from "../contracts/score-export.contract.ts";
import { connectionTo, startLangfuse, type LangfuseServer } from "../loopback/langfuse-server.ts";
import { aVersion } from "../registries/a-version.ts";

const never = new AbortController().signal;

function scoresOn(server: LangfuseServer, folder = ""): ScoreExport {
  const api = langfuseApi(connectionTo(server), "PLATFORM_FAILED");
  return langfuseScores(api, { baseUrl: server.baseUrl, folder });
}

/** What the page of the experiment shows: spans by name, scores by trace. */
function find({ datasets }: LangfuseServer, { name }: Experiment): FoundExperiment {
  const spans = [...datasets.spans.values()].filter(
    ({ attributes }) => attributes["langfuse.experiment.name"] === name,
  );
  const scores = [...datasets.scores.values()];
  return {
    answers: spans.map(({ traceId, attributes }) => {
      const output = attributes["langfuse.observation.output"];
      const own = scores.filter((score) => score["traceId"] === traceId);
      return {
        caseId: String(attributes["langfuse.experiment.item.id"]),
        output: typeof output === "string" ? output : null,
        scores: Object.fromEntries(own.map((score) => [score["name"], Number(score["value"])])),
      };
    }),
  };
}

const item = { input: {}, expectedOutput: null, metadata: null };

describe.each(["v3", "v4"] as const)("a Langfuse server of kind %s", (mode) => {
  scoreExportContract("an export", async () => {
    const server = await startLangfuse(mode);
    return {
      scores: scoresOn(server),
      prepare: async (name, ids) => {
        for (const id of ids) server.datasets.put(name, { ...item, id }, 0);
      },
      find: async (experiment) => find(server, experiment),
      loseAnswer: () => server.fail(/^POST .*(traces|scores|run-items)$/, { kind: "done", status: 500 }),
      cleanup: async () => server.close(),
    };
  });
});

describe("an export to Langfuse", () => {
  const servers: LangfuseServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });
  async function start(mode: "v3" | "v4" = "v4"): Promise<LangfuseServer> {
    const server = await startLangfuse(mode);
    servers.push(server);
    for (let index = 0; index < 7; index += 1) {
      server.datasets.put("golden", { ...item, id: `case-${index}` }, 0);
    }
    return server;
  }

  it("makes one run of the dataset, each item in it once", async () => {
    const server = await start("v3");
    const experiment = anExperiment();
    await scoresOn(server).write(experiment, never);
    const { url } = await scoresOn(server).write(experiment, never);
    const run = server.datasets.runs.get(experiment.name);
    expect(run?.items.map(({ datasetItemId }) => datasetItemId).sort()).toEqual(
      Array.from({ length: 7 }, (_, index) => `case-${index}`),
    );
    expect(url).toBe(`${server.baseUrl}/project/project/datasets/dataset-0/runs/${run?.id}`);
    const means = [...server.datasets.scores.values()].filter((score) => score["datasetRunId"] === run?.id);
    expect(Object.fromEntries(means.map((score) => [score["name"], score["value"]]))).toEqual({
      faithfulness: 0.5,
      price: 1,
    });
  });

  it("goes on without runs where the server no longer has them", async () => {
    const server = await start();
    server.fail(/run-items$/, { kind: "status", status: 404, body: '{"message":"gone"}' });
    const { answers } = await scoresOn(server).write(anExperiment(), never);
    expect(answers).toBe(7);
    expect(server.calls.filter((call) => call.includes("run-items"))).toHaveLength(1);
    expect(find(server, anExperiment()).answers).toHaveLength(7);
  });

  it("counts as no production: neither answers nor scores", async () => {
    const server = await start();
    await scoresOn(server).write(anExperiment(), never);
    const places = [
      ...[...server.datasets.spans.values()].map(({ attributes }) => attributes["langfuse.environment"]),
      ...[...server.datasets.scores.values()].map((score) => score["environment"]),
    ];
    expect(new Set(places)).toEqual(new Set(["sdk-experiment"]));
  });

  it("links answers to Langfuse's own number of a version that is published there, and to no other", async () => {
    const server = await start();
    const options = { ...connectionTo(server), folder: "team" };
    const registry = langfuseRegistry(options, { now: () => 0 });
    for (const version of ["1.0.0", "1.1.0"]) {
      await registry.publish({ ...aVersion(version), name: "greeter" });
    }
    const links = async (published: boolean): Promise<unknown> => {
      await scoresOn(server, "team").write(anExperiment({ published }), never);
      const [span] = server.datasets.spans.values();
      return [
        span?.attributes["langfuse.observation.prompt.name"],
        span?.attributes["langfuse.observation.prompt.version"],
      ];
    };
    expect(await links(false)).toEqual([undefined, undefined]);
    expect(await links(true)).toEqual(["team/greeter", 2]);
  });

  it.each([
    [401, "AUTHENTICATION"],
    [403, "AUTHENTICATION"],
    [422, "PLATFORM_FAILED"],
    [500, "PLATFORM_FAILED"],
  ] as const)("says a refusal with %i, and no key", async (status, code) => {
    const server = await start();
    const body = '{"message":"sk-lf-do-not-print-me has no access"}';
    server.fail(/^POST .*scores$/, { kind: "status", status, body }, 100);
    const refusal = (await scoresOn(server)
      .write(anExperiment(), never)
      .catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({ code });
    expect(refusal.message).not.toContain("do-not-print-me");
  });

  it("waits as long as it is told to when it wrote too fast", async () => {
    const server = await start();
    const headers = { "retry-after": "1" };
    server.fail(/^POST .*scores$/, { kind: "status", status: 429, body: "{}", headers }, 3);
    const { scores } = await scoresOn(server).write(anExperiment(), never);
    expect(scores).toBe(16);
  });
});
