import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { promptLayerApi } from "../../src/http/promptlayer.ts";
import { promptLayerScores } from "../../src/platforms/promptlayer-scores.ts";
import { anAnswer, anExperiment, scoreExportContract } from "../contracts/score-export.contract.ts";
import { connectionTo, startPromptLayer, type PromptLayerServer } from "../loopback/promptlayer-server.ts";

const never = new AbortController().signal;
const exportTo = (server: PromptLayerServer) => {
  const connection = connectionTo(server);
  return promptLayerScores(promptLayerApi(connection, "PLATFORM_FAILED"), connection.wait);
};

function scoresIn(row: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([column, value]) =>
      column.startsWith("score ") && value !== "" ? [[column.slice(6), Number(value)]] : [],
    ),
  );
}

scoreExportContract("tables on PromptLayer", async () => {
  const server = await startPromptLayer();
  return {
    scores: exportTo(server),
    prepare: async () => undefined,
    find: async ({ prompt, name }) => {
      const tables = server.tables.tables.filter(({ title }) => title === `promptgate ${prompt}`);
      const sheets = tables.flatMap((table) => table.sheets.filter(({ title }) => title === name));
      const rows = sheets.flatMap((sheet) => sheet.rows);
      const answers = rows.map((row) => ({
        caseId: row["case"] ?? "",
        output: row["output"] === "" ? null : (row["output"] ?? null),
        scores: scoresIn(row),
      }));
      return { answers };
    },
    loseAnswer: () => server.fail(/^POST .*\/sheets$/, { kind: "cut" }),
    cleanup: async () => server.close(),
  };
});

describe("tables on PromptLayer", () => {
  let server: PromptLayerServer;
  beforeAll(async () => {
    server = await startPromptLayer();
    for (let index = 0; index < 130; index += 1) server.tables.add(`promptgate greeter ${index}`);
  });
  afterAll(async () => server.close());

  it("hold one sheet for each side of a run, whatever the answers are", async () => {
    const output = 'He said "yes, no"\r\n=1+1;\n{{x}} Grüße 👋';
    const answers = [
      anAnswer("a", { output, expected: { any: ["thing"] } }),
      anAnswer("b", { costUsd: null, inputTokens: null }),
    ];
    const exported = await exportTo(server).write(anExperiment({ answers }), never);
    expect(exported).toMatchObject({
      answers: 2,
      scores: 4,
      notes: ['in the table "promptgate greeter", sheet "greeter 1.1.0 candidate 0a1b2c3d4e5f"'],
    });
    const table = server.tables.tables.find(({ title }) => title === "promptgate greeter");
    expect(table?.sheets.map(({ rows }) => rows)).toMatchObject([
      [
        {
          case: "a",
          sample: "0",
          input: '{"query":"about a"}',
          expected: '{"any":["thing"]}',
          output,
          "score faithfulness": "0.5",
          latency_ms: "812",
          version: "1.1.0",
          verdict: "pass",
          run: "https://github.example/acme/desk/actions/runs/7",
        },
        { case: "b", cost_usd: "", input_tokens: "", output_tokens: "30" },
      ],
    ]);
  });

  it("say that a sheet was not filled, and why", async () => {
    server.tables.habits.failsToFill = true;
    const experiment = anExperiment({ id: "other/candidate", name: "other" });
    await expect(exportTo(server).write(experiment, never)).rejects.toMatchObject({
      code: "PLATFORM_FAILED",
      message: expect.stringContaining('"other" was not filled: line 3 is too long') as string,
      hint: "delete the sheet there and export again",
    });
    server.tables.habits.failsToFill = false;
  });

  it("are whole where PromptLayer forgot how they were filled, and nobody knows where rows are missing", async () => {
    const [table] = server.tables.tables.filter(({ title }) => title === "promptgate greeter");
    const sheet = { operation: "forgotten", looks: 0, rows: [{}, {}] };
    table?.sheets.push({ ...sheet, id: "4c7a1c1e-6f0e-4f5f-8f2e-0d9a6d1f3b21", title: "by hand" });
    const answers = ["a", "b"].map((id) => anAnswer(id));
    const whole = anExperiment({ id: "by hand/candidate", name: "by hand", answers });
    expect(await exportTo(server).write(whole, never)).toMatchObject({ answers: 2 });
    const experiment = anExperiment({ id: "by hand/candidate", name: "by hand" });
    await expect(exportTo(server).write(experiment, never)).rejects.toMatchObject({
      code: "PLATFORM_FAILED",
      message: expect.stringContaining("nobody knows") as string,
    });
  });
});
