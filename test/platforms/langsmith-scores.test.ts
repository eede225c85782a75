import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Experiment, ScoreExport } from "../../src/domain/platform.ts";
import { langsmithApi } from "../../src/http/langsmith.ts";
import { langsmithScores } from "../../src/platforms/langsmith-scores.ts";
import {
  anAnswer,
  anExperiment,
  scoreExportContract,
  type FoundExperiment,
} from "../contracts/score-export.contract.ts";
import { API_KEY, connectionTo, startLangsmith, type LangsmithServer } from "../loopback/langsmith-server.ts";

const never = new AbortController().signal;

function scoresOn(server: LangsmithServer): ScoreExport {
  return langsmithScores(langsmithApi(connectionTo(server), "PLATFORM_FAILED"), server.baseUrl);
}

interface PostedRun {
  readonly session_id: string;
  readonly outputs?: { readonly output: string };
  readonly extra: { readonly metadata: Readonly<Record<string, unknown>> };
}

/** What the page of the experiment shows: runs of the session, feedback by run. */
function find({ experiments, traffic }: LangsmithServer, { name }: Experiment): FoundExperiment {
  const session = experiments.sessions.get(name)?.["id"];
  const runs = [...experiments.posted].map(([id, run]) => [id, run as unknown as PostedRun] as const);
  const own = runs.filter(([, run]) => run.session_id === session);
  return {
    answers: own.map(([id, { outputs, extra }]) => ({
      caseId: String(extra.metadata["case_id"]),
      output: outputs?.output ?? null,
      scores: Object.fromEntries(
        traffic.scores.filter(({ run_id }) => run_id === id).map(({ key, score }) => [key, Number(score)]),
      ),
    })),
  };
}

scoreExportContract("an export to LangSmith", async () => {
  const server = await startLangsmith();
  return {
    scores: scoresOn(server),
    prepare: async (name) => server.experiments.empty(name),
    find: async (experiment) => find(server, experiment),
    loseAnswer: () => server.fail(/^POST .*(sessions|batch|feedback)$/, { kind: "done", status: 500 }, 2),
    cleanup: async () => server.close(),
  };
});

describe("an export to LangSmith", () => {
  let server: LangsmithServer;
  beforeEach(async () => {
    server = await startLangsmith();
    server.experiments.empty("golden");
  });
  afterEach(async () => server.close());

  it("is an experiment of the dataset, each run of the example that it answers", async () => {
    const ids = [randomUUID(), randomUUID()];
    const experiment = anExperiment({ answers: ids.map((id) => anAnswer(id)) });
    const { url, notes } = await scoresOn(server).write(experiment, never);
    expect(notes).toEqual([]);
    const session = server.experiments.sessions.get(experiment.name);
    expect(session).toMatchObject({
      description: "Not worse than production.",
      extra: { metadata: { side: "candidate", version: "1.1.0", verdict: "pass" } },
    });
    const site = server.baseUrl.replace("/api/v1", "");
    const place = `datasets/${String(session?.["reference_dataset_id"])}/compare`;
    const tenant = String(session?.["tenant_id"]);
    expect(url).toBe(`${site}/o/${tenant}/${place}?selectedSessions=${String(session?.["id"])}`);
    const runs = [...server.experiments.posted.values()];
    expect(new Set(runs.map((run) => run["reference_example_id"]))).toEqual(new Set(ids));
    expect(runs[0]).toMatchObject({
      run_type: "llm",
      start_time: "2026-11-20T12:00:00.000Z",
      end_time: "2026-11-20T12:00:00.812Z",
      extra: { metadata: { usage_metadata: { input_tokens: 12, total_tokens: 42, total_cost: 0.0004 } } },
    });
    const means = server.traffic.scores.filter(({ run_id }) => run_id === null);
    expect(Object.fromEntries(means.map(({ key, score }) => [key, score]))).toEqual({
      price: 1,
      faithfulness: 0.5,
    });
  });

  it("of many answers writes each once, however often it breaks off", async () => {
    const answers = Array.from({ length: 130 }, (_, at) => anAnswer(`case-${at}`));
    const experiment = anExperiment({ answers, dataset: null });
    for (const call of [/batch$/, /feedback$/, /runs\/query$/]) {
      server.fail(call, { kind: "status", status: 403, body: "{}" });
      await expect(scoresOn(server).write(experiment, never)).rejects.toMatchObject({
        code: "AUTHENTICATION",
      });
    }
    const { answers: there, scores, url } = await scoresOn(server).write(experiment, never);
    expect({ there, scores }).toEqual({ there: 130, scores: 262 });
    expect(server.experiments.posted.size).toBe(130);
    expect(server.traffic.scores).toHaveLength(262);
    expect(url).toContain("/projects/p/");
  });

  it("writes the runs of a batch one by one when the server refuses it for one of them", async () => {
    const experiment = anExperiment({ dataset: null });
    server.fail(/batch$/, { kind: "status", status: 409, body: '{"error":"already received"}' });
    await scoresOn(server).write(experiment, never);
    expect(server.experiments.posted.size).toBe(7);
  });

  it("says which cases no example can be, and links none of them", async () => {
    const { notes } = await scoresOn(server).write(anExperiment(), never);
    expect(notes).toEqual(["7 cases have ids that no example on LangSmith can have"]);
    const links = [...server.experiments.posted.values()].map((run) => run["reference_example_id"]);
    expect(new Set(links)).toEqual(new Set([undefined]));
  });

  it("has its address where the site of the API is", async () => {
    const api = langsmithApi(connectionTo(server), "PLATFORM_FAILED");
    const urls = ["https://api.smith.langchain.com", "https://eu.api.smith.langchain.com"].map(
      async (baseUrl) => (await langsmithScores(api, baseUrl).write(anExperiment(), never)).url,
    );
    const [american, european] = await Promise.all(urls);
    expect(american).toMatch(/^https:\/\/smith\.langchain\.com\/o\//);
    expect(european).toMatch(/^https:\/\/eu\.smith\.langchain\.com\/o\//);
  });

  it.each([
    [401, "AUTHENTICATION"],
    [422, "PLATFORM_FAILED"],
    [500, "PLATFORM_FAILED"],
  ] as const)("says a refusal with %i, and no key", async (status, code) => {
    const body = `{"detail":"${API_KEY} has no access"}`;
    server.fail(/^POST .*batch$/, { kind: "status", status, body }, 100);
    const refusal = (await scoresOn(server)
      .write(anExperiment(), never)
      .catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({ code });
    expect(refusal.message).not.toContain(API_KEY);
  });
});
