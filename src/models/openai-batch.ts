import type OpenAI from "openai";
import type { BatchJob, BatchModel, BatchSubmission, ResultReader } from "../domain/batch.ts";
import { GateError } from "../domain/errors.ts";
import type { ModelSettings } from "../domain/project.ts";
import { visibleLine } from "../domain/visible.ts";
import type { ModelDependencies } from "./model-factory.ts";
import {
  fileSchema,
  isBatchPage,
  LABEL_KEY,
  parseDocument,
  readBatch,
  readBatchPage,
  readResultLine,
} from "./openai-batch-documents.ts";
import { linesOf } from "./openai-batch-lines.ts";
import { openConnection, withDeadline } from "./openai-connection.ts";
import { readFailure, type FailureContext } from "./openai-failure.ts";
import { preferredTokenField, requestBody, type TokenField } from "./openai-request.ts";

const ENDPOINT = "/v1/chat/completions";

/** OpenAI charges half for batches (platform.openai.com/docs/guides/batch); of others nothing is known. */
const OPENAI_SHARE = 0.5;

/** Deadline of a call about a batch: after it no creation is under way. */
const CALL_MS = 60_000;
/** Deadline of one transfer of a file. */
const TRANSFER_MS = 900_000;

/** 100 batches a page; an account with more than these in its list cannot be searched. */
const MAX_PAGES = 200;

/** The built-in `fetch` streams files in both directions; a redirect would carry the key to another host. */
const streamingFetch: typeof fetch = (input, init) => fetch(input, { ...init, redirect: "manual" });

/** Statuses of a server that does not know an address. */
const UNKNOWN = new Set([404, 405, 501]);

function statusOf(error: unknown): number {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : null;
  return typeof status === "number" ? status : 0;
}

interface Attempt {
  /** What a server that does not know the address lacks. */
  readonly missing: (server: string) => GateError;
  readonly signal: AbortSignal;
  readonly deadline?: number;
}

type Send<Value> = (client: OpenAI, options: { signal: AbortSignal; timeout: number }) => Promise<Value>;

/** Calls to one server, each under a deadline and with its failure translated. */
interface Calls {
  readonly ownServer: boolean;
  attempt<Value>(attempt: Attempt, send: Send<Value>): Promise<Value>;
  failureContext(): FailureContext;
}

function openCalls(settings: ModelSettings, dependencies: ModelDependencies): Calls {
  const { ownServer, client, failureContext } = openConnection(settings, dependencies, streamingFetch);
  return {
    ownServer,
    failureContext,
    attempt: async ({ missing, signal, deadline = CALL_MS }, send) => {
      try {
        const opened = await client();
        return await withDeadline(signal, deadline, (signal) =>
          send(opened, { signal, timeout: deadline + 60_000 }),
        );
      } catch (error) {
        throw UNKNOWN.has(statusOf(error))
          ? missing(failureContext().server)
          : readFailure(error, failureContext());
      }
    },
  };
}

function noBatchApi(server: string): GateError {
  return new GateError("CONFIG_INVALID", `${server} has no Batch API`, { hint: "gate without --batch" });
}

function noSuch(what: string): Attempt["missing"] {
  return (server) =>
    new GateError("PROVIDER_FAILED", `${server} does not know the ${visibleLine(what, 120)} (404)`, {
      hint: "use the key of the project that the batch was submitted with; providers keep files for a limited time",
    });
}

async function find(
  { attempt, failureContext }: Calls,
  { label, file }: BatchSubmission,
  signal: AbortSignal,
): Promise<BatchJob | null> {
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = { limit: 100, ...(after === undefined ? {} : { after }) };
    const { batches, hasMore } = await attempt({ missing: noBatchApi, signal }, async (client, options) =>
      readBatchPage(await client.get("/batches", { query, ...options }), failureContext()),
    );
    // Not every server keeps metadata.
    const own = batches.find((batch) => batch.label === label || batch.file === file);
    if (own !== undefined) return own.job;
    const last = batches.at(-1)?.job.id;
    if (!hasMore || last === undefined || last === after) return null;
    after = last;
  }
  const { server } = failureContext();
  throw new GateError("PROVIDER_FAILED", `${server} lists more batches than can be searched`, {
    hint: "see there whether the batch was created, and gate without --batch",
  });
}

async function readResults(
  { attempt, failureContext }: Calls,
  { files }: BatchJob,
  { reader, signal }: { readonly reader: ResultReader; readonly signal: AbortSignal },
): Promise<void> {
  for (const file of files) {
    const missing = noSuch(`file of results ${file}`);
    await attempt({ missing, signal, deadline: TRANSFER_MS }, async (client, options) => {
      const { body } = await client.files.content(file, options);
      if (body === null) return;
      for await (const line of linesOf(body))
        reader.keep(readResultLine(line, reader.requestOf, failureContext()));
    });
  }
}

/** The methods that submit. */
function submitting(
  { attempt, failureContext }: Calls,
  { model }: ModelSettings,
  tokenField: TokenField,
): Pick<BatchModel, "encode" | "upload" | "create"> {
  return {
    encode: (digest, request) =>
      JSON.stringify({
        custom_id: digest.slice("sha256:".length),
        method: "POST",
        url: ENDPOINT,
        body: requestBody(model, request, tokenField),
      }),
    upload: (lines, signal) =>
      attempt({ missing: noBatchApi, signal, deadline: TRANSFER_MS }, async (client, options) => {
        const type = "application/jsonl";
        const file = new File(
          lines.map((line) => `${line}\n`),
          "promptgate.jsonl",
          { type },
        );
        const answer: unknown = await client.files.create({ file, purpose: "batch" }, options);
        return parseDocument(fileSchema, answer, { ...failureContext(), what: "file" }).id;
      }),
    create: ({ label, file }, signal) =>
      attempt({ missing: noSuch("input file"), signal }, async (client, options) => {
        const body = {
          input_file_id: file,
          endpoint: ENDPOINT,
          completion_window: "24h",
          metadata: { [LABEL_KEY]: label },
        };
        return readBatch(await client.post("/batches", { body, ...options }), failureContext());
      }),
  };
}

/** OpenAI's Batch API, or that of a server that speaks it. Throws `CONFIG_INVALID` and `AUTHENTICATION`. */
export function openaiBatchModel(settings: ModelSettings, dependencies: ModelDependencies): BatchModel {
  const { model, baseUrl } = settings;
  const calls = openCalls(settings, dependencies);
  const { ownServer, attempt, failureContext } = calls;
  return {
    provider: "openai",
    model,
    baseUrl,
    priceShare: ownServer ? OPENAI_SHARE : 1,
    ...submitting(calls, settings, preferredTokenField(model, ownServer)),
    check: (signal) =>
      attempt({ missing: noBatchApi, signal }, async (client, options) => {
        const page: unknown = await client.get("/batches", { query: { limit: 1 }, ...options });
        if (!isBatchPage(page)) throw noBatchApi(failureContext().server);
      }),
    find: (submission, signal) => find(calls, submission, signal),
    read: (id, signal) =>
      attempt({ missing: noSuch(`batch ${id}`), signal }, async (client, options) =>
        readBatch(await client.batches.retrieve(id, options), failureContext()),
      ),
    results: (job, reader, signal) => readResults(calls, job, { reader, signal }),
  };
}
