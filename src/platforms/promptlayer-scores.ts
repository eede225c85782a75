import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import {
  stableUuid,
  type Experiment,
  type ExperimentAnswer,
  type Exported,
  type ScoreExport,
} from "../domain/platform.ts";
import { visibleLine } from "../domain/visible.ts";
import { pause } from "../http/pause.ts";
import type { PlatformApi } from "../http/platform-api.ts";

const TABLES = "/api/public/v2/tables";
const PAGE = 100;
const LOOKS = 120;
const LOOK_MS = 1000;

const titled = z.object({ id: z.string(), title: z.string(), row_count: z.int().nullish() });
const titledPage = z.object({
  data: z.array(titled),
  next_cursor: z.string().nullish(),
  has_more: z.boolean().nullish(),
});
const createdTable = z.object({ table: titled });
const operationState = z.object({
  operation: z.object({ status: z.string(), error_message: z.string().nullish() }),
});

interface Writing {
  readonly api: PlatformApi;
  readonly experiment: Experiment;
  readonly signal: AbortSignal;
  readonly wait: ((milliseconds: number) => Promise<unknown>) | undefined;
}

/** The oldest one with a title; null when there is none. */
async function findTitled(
  { api, signal }: Writing,
  path: string,
  { title, name }: { readonly title: string; readonly name?: string },
): Promise<z.infer<typeof titled> | null> {
  let cursor: string | undefined;
  do {
    const query = { name, limit: PAGE, order: "asc", cursor };
    const { data, next_cursor, has_more } = api.read(
      titledPage,
      await api.send({ method: "GET", path, query, signal }),
    );
    const found = data.find((one) => one.title === title);
    if (found !== undefined) return found;
    cursor = has_more === false ? undefined : (next_cursor ?? undefined);
  } while (cursor !== undefined);
  return null;
}

/** The table of a prompt; all its experiments are sheets of one. */
async function tableOf(writing: Writing): Promise<z.infer<typeof titled>> {
  const { api, experiment, signal } = writing;
  const title = `promptgate ${experiment.prompt}`;
  const known = await findTitled(writing, TABLES, { title, name: title });
  if (known !== null) return known;
  const body = { title, create_default_sheet: false };
  const answer = await api.send({ method: "POST", path: TABLES, body, signal });
  return api.read(createdTable, answer).table;
}

/** A cell of a CSV file; nothing where there is nothing. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '""';
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `"${text.replaceAll('"', '""')}"`;
}

type Columns = Readonly<Record<string, (answer: ExperimentAnswer) => unknown>>;

function columnsOf({ answers, version, verdict, link }: Experiment): Columns {
  const metrics = [...new Set(answers.flatMap(({ scores }) => Object.keys(scores)))].sort();
  return {
    case: ({ caseId }) => caseId,
    sample: ({ sample }) => sample,
    input: ({ input }) => JSON.stringify(input),
    expected: ({ expected }) => expected,
    output: ({ output }) => output,
    ...Object.fromEntries(
      metrics.map((metric) => [`score ${metric}`, ({ scores }: ExperimentAnswer) => scores[metric]]),
    ),
    latency_ms: ({ latencyMs }) => latencyMs,
    cost_usd: ({ costUsd }) => costUsd,
    input_tokens: ({ inputTokens }) => inputTokens,
    output_tokens: ({ outputTokens }) => outputTokens,
    version: () => version,
    verdict: () => verdict,
    run: () => link,
  };
}

function csvOf(experiment: Experiment): string {
  const columns = columnsOf(experiment);
  const rows = experiment.answers.map((answer) => Object.values(columns).map((read) => cell(read(answer))));
  return [Object.keys(columns).map(cell), ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

function failed(reason: string, { name }: Experiment): GateError {
  const sheet = visibleLine(name, 120);
  return new GateError("PLATFORM_FAILED", `promptlayer: the sheet "${sheet}" was not filled: ${reason}`, {
    hint: "delete the sheet there and export again",
  });
}

/** Filling a sheet goes on after the call was answered; it is done when PromptLayer says so. */
async function waitUntilFilled(writing: Writing, table: string, rows: number): Promise<void> {
  const { api, experiment, signal } = writing;
  const path = `${TABLES}/${table}/sheets/operations/${operationOf(experiment)}`;
  for (let look = 0; look < LOOKS; look += 1) {
    const answer = await api.send({ method: "GET", path, accept: [404], signal });
    // Forgotten, long after it was done.
    if (answer.status === 404 && rows === experiment.answers.length) return;
    if (answer.status === 404) throw failed("nobody knows how far it got", experiment);
    const { status, error_message } = api.read(operationState, answer).operation;
    if (["completed", "succeeded"].includes(status)) return;
    if (status === "failed") throw failed(visibleLine(error_message ?? "no reason given"), experiment);
    await pause(LOOK_MS, writing);
  }
  throw failed(`it is not done after ${(LOOKS * LOOK_MS) / 1000} s`, experiment);
}

function operationOf({ id }: Experiment): string {
  return stableUuid(id, "sheet");
}

/** A sheet of the prompt's table for each side of a run, one row an answer, one column a metric. */
export function promptLayerScores(
  api: PlatformApi,
  wait: ((milliseconds: number) => Promise<unknown>) | undefined,
): ScoreExport {
  return {
    kind: "scores",
    async write(experiment, signal): Promise<Exported> {
      const writing: Writing = { api, experiment, signal, wait };
      const { answers, name } = experiment;
      const table = await tableOf(writing);
      const path = `${TABLES}/${table.id}/sheets`;
      const known = await findTitled(writing, path, { title: name });
      if (known === null) {
        const file_content_base64 = Buffer.from(csvOf(experiment), "utf8").toString("base64");
        const source = { type: "file", file_name: "answers.csv", file_content_base64 };
        const body = { title: name, operation_id: operationOf(experiment), source };
        await api.send({ method: "POST", path, body, signal });
      }
      await waitUntilFilled(writing, table.id, known?.row_count ?? 0);
      const scores = answers.flatMap((answer) => Object.values(answer.scores));
      const missing = answers.filter(({ output }) => output === null).length;
      return {
        answers: answers.length,
        scores: scores.filter((score) => score !== null).length,
        url: null,
        notes: [
          `in the table "${visibleLine(table.title, 140)}", sheet "${visibleLine(name, 120)}"`,
          ...(missing === 0
            ? []
            : [`${missing} answers are no longer kept here: their scores went without them`]),
        ],
      };
    },
  };
}
