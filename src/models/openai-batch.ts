import type OpenAI from "openai";
import type { BatchJob, BatchModel, BatchSubmission, ResultReader } from "../domain/batch.ts";
import { GateError } from "../domain/errors.ts";
import type { ModelSettings } from "../domain/project.ts";
import type { ModelDependencies } from "./model-factory.ts";
import {
  fileSchema,
  LABEL_KEY,
  parseDocument,
  readBatch,
  readBatchPage,
  readResultLine,
} from "./openai-batch-documents.ts";
import { linesOf } from "./openai-batch-lines.ts";
import { openConnection, withDeadline } from "./openai-connection.ts";
import { readFailure } from "./openai-failure.ts";
import { preferredTokenField, requestBody } from "./openai-request.ts";

const ENDPOINT = "/v1/chat/completions";

/** OpenAI charges half for batches (platform.openai.com/docs/guides/batch); of others nothing is known. */
const OPENAI_SHARE = 0.5;

/** Deadline of one transfer of a file. */
const TRANSFER_MS = 900_000;

/** 100 batches a page; an account with more than these in its list cannot be searched. */
const MAX_PAGES = 200;

/** The built-in `fetch` streams files in both directions; a redirect would carry the key to another host. */
const streamingFetch: typeof fetch = (input, init) => fetch(input, { ...init, redirect: "manual" });

function statusOf(error: unknown): number | null {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : null;
  return typeof status === "number" ? status : null;
}

interface Attempt {
  /** What a 404 says is missing. */
  readonly what: string;
  readonly signal: AbortSignal;
  readonly deadline?: number;
}

type Send<Value> = (client: OpenAI, options: { signal: AbortSignal; timeout: number }) => Promise<Value>;

/** OpenAI's Batch API, or that of a server that speaks it. Throws `CONFIG_INVALID` and `AUTHENTICATION`. */
export function openaiBatchModel(settings: ModelSettings, dependencies: ModelDependencies): BatchModel {
  const { model, baseUrl, timeoutMs } = settings;
  const { ownServer, client, failureContext } = openConnection(settings, dependencies, streamingFetch);
  const tokenField = preferredTokenField(model, ownServer);

  async function attempt<Value>(
    { what, signal, deadline = timeoutMs }: Attempt,
    send: Send<Value>,
  ): Promise<Value> {
    try {
      const opened = await client();
      return await withDeadline(signal, deadline, (signal) =>
        send(opened, { signal, timeout: deadline + 60_000 }),
      );
    } catch (error) {
      if (statusOf(error) !== 404) throw readFailure(error, failureContext());
      throw new GateError("PROVIDER_FAILED", `${failureContext().server} does not know the ${what} (404)`, {
        hint: "use the key of the project that the batch was submitted with; a provider keeps files for a limited time",
        cause: error,
      });
    }
  }

  async function check(signal: AbortSignal): Promise<void> {
    try {
      const opened = await client();
      const page: unknown = await withDeadline(signal, timeoutMs, (signal) =>
        opened.get("/batches", { query: { limit: 1 }, signal }),
      );
      readBatchPage(page, failureContext());
    } catch (error) {
      if (![404, 405, 501].includes(statusOf(error) ?? 0)) throw readFailure(error, failureContext());
      throw new GateError("CONFIG_INVALID", `${failureContext().server} has no Batch API`, {
        hint: "gate without --batch; nothing was submitted",
        cause: error,
      });
    }
  }

  async function find({ label, file }: BatchSubmission, signal: AbortSignal): Promise<BatchJob | null> {
    let after: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const query = { limit: 100, ...(after === undefined ? {} : { after }) };
      const { batches, hasMore } = await attempt(
        { what: "list of batches", signal },
        async (opened, options) =>
          readBatchPage(await opened.get("/batches", { query, ...options }), failureContext()),
      );
      // Not every server keeps metadata.
      const own = batches.find((batch) => batch.label === label || batch.file === file);
      if (own !== undefined) return own.job;
      const last = batches.at(-1)?.job.id;
      if (!hasMore || last === undefined || last === after) return null;
      after = last;
    }
    throw new GateError(
      "PROVIDER_FAILED",
      `${failureContext().server} lists more batches than can be searched`,
      {
        hint: "see there whether the batch was created, and gate without --batch",
      },
    );
  }

  const readResults = async ({ files }: BatchJob, { requestOf, keep }: ResultReader, signal: AbortSignal) => {
    for (const file of files) {
      const what = `file of results ${file}`;
      await attempt({ what, signal, deadline: TRANSFER_MS }, async (opened, options) => {
        const { body } = await opened.files.content(file, options);
        if (body === null) return;
        for await (const line of linesOf(body)) keep(readResultLine(line, requestOf, failureContext()));
      });
    }
  };

  return {
    provider: "openai",
    model,
    baseUrl,
    priceShare: ownServer ? OPENAI_SHARE : 1,
    check,
    find,
    encode: (digest, request) =>
      JSON.stringify({
        custom_id: digest.slice("sha256:".length),
        method: "POST",
        url: ENDPOINT,
        body: requestBody(model, request, tokenField),
      }),
    upload: (lines, signal) =>
      attempt({ what: "address of files", signal, deadline: TRANSFER_MS }, async (opened, options) => {
        const file = new File(
          lines.map((line) => `${line}\n`),
          "promptgate.jsonl",
          { type: "application/jsonl" },
        );
        const answer: unknown = await opened.files.create({ file, purpose: "batch" }, options);
        return parseDocument(fileSchema, answer, { ...failureContext(), what: "file" }).id;
      }),
    create: ({ label, file }, signal) =>
      attempt({ what: "input file", signal }, async (opened, options) => {
        const body = {
          input_file_id: file,
          endpoint: ENDPOINT,
          completion_window: "24h",
          metadata: { [LABEL_KEY]: label },
        };
        return readBatch(await opened.post("/batches", { body, ...options }), failureContext());
      }),
    read: (id, signal) =>
      attempt({ what: `batch ${id}`, signal }, async (opened, options) =>
        readBatch(await opened.batches.retrieve(id, options), failureContext()),
      ),
    results: readResults,
  };
}
