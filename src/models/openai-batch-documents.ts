import * as z from "zod";
import type { BatchJob, BatchResult } from "../domain/batch.ts";
import type { Digest } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import type { ModelRequest } from "../domain/model.ts";
import { envelopeFailure, excerpt, readFailure, type FailureContext } from "./openai-failure.ts";
import { readCompletion } from "./openai-response.ts";

const batchSchema = z.object({
  id: z.string().min(1),
  input_file_id: z.string(),
  status: z.string(),
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  errors: z
    .object({
      data: z.array(z.object({ code: z.string().nullish(), message: z.string().nullish() })).nullish(),
    })
    .nullish()
    .catch(null),
  request_counts: z.object({ completed: z.int(), failed: z.int() }).nullish().catch(null),
  metadata: z.record(z.string(), z.string()).nullish().catch(null),
});
type BatchDocument = z.infer<typeof batchSchema>;

const listSchema = z.object({ data: z.array(batchSchema), has_more: z.boolean().default(false) });

export const fileSchema = z.object({ id: z.string().min(1) });

const lineSchema = z.object({
  custom_id: z.string().regex(/^[0-9a-f]{64}$/),
  response: z.object({ status_code: z.int(), body: z.unknown() }).nullish(),
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});

/** The metadata key that a submission's label is kept under. */
export const LABEL_KEY = "promptgate_batch";

/** Requests that a batch did not come to before it ended. */
const UNFINISHED = new Set(["batch_expired", "batch_cancelled"]);

function unreadable(what: string, { server }: FailureContext): GateError {
  return new GateError("PROVIDER_FAILED", `${server}: the answer is no ${what}`, { retryable: true });
}

/** A document of the API. Throws `PROVIDER_FAILED`, retryable. */
export function parseDocument<Value>(
  schema: z.ZodType<Value>,
  body: unknown,
  context: FailureContext & { readonly what: string },
): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw envelopeFailure(body, context) ?? unreadable(context.what, context);
}

function stateOf({ status, errors }: BatchDocument): BatchJob["state"] {
  if (status === "completed" || status === "expired") return status;
  if (status === "cancelled") return "stopped";
  // A status that is not known yet ends some day in one that is.
  if (status !== "failed") return "working";
  const isFull = (errors?.data ?? []).some(({ code }) => code === "token_limit_exceeded");
  return isFull ? "overloaded" : "refused";
}

function jobOf(document: BatchDocument, { secrets }: FailureContext): BatchJob {
  const { id, output_file_id: output, error_file_id: failures, request_counts: counts, errors } = document;
  const said = (errors?.data ?? []).map(({ code, message }) => message ?? code ?? "").join("; ");
  return {
    id,
    state: stateOf(document),
    finished: counts ? counts.completed + counts.failed : null,
    problem: excerpt(said, secrets),
    files: [output, failures].filter((file): file is string => typeof file === "string" && file !== ""),
  };
}

/** A batch as the API describes it. */
export function readBatch(body: unknown, context: FailureContext): BatchJob {
  return jobOf(parseDocument(batchSchema, body, { ...context, what: "batch" }), context);
}

/** False where a server answers with something else, as some do for addresses that they do not know. */
export function isBatchPage(body: unknown): boolean {
  return listSchema.safeParse(body).success;
}

/** One page of the list of batches, newest first, with what tells ours from others. */
export function readBatchPage(
  body: unknown,
  context: FailureContext,
): {
  readonly hasMore: boolean;
  readonly batches: readonly {
    readonly job: BatchJob;
    readonly file: string;
    readonly label: string | null;
  }[];
} {
  const page = parseDocument(listSchema, body, { ...context, what: "list of batches" });
  return {
    hasMore: page.has_more,
    batches: page.data.map((document) => ({
      job: jobOf(document, context),
      file: document.input_file_id,
      label: document.metadata?.[LABEL_KEY] ?? null,
    })),
  };
}

type ResultLine = z.infer<typeof lineSchema>;

function outcome(
  { response, error }: ResultLine,
  { digest, request }: { readonly request: ModelRequest; readonly digest: Digest },
  context: FailureContext,
): BatchResult {
  if (UNFINISHED.has(error?.code ?? "")) return { kind: "unfinished", digest };
  try {
    if (!response) {
      const said = excerpt(error?.message ?? error?.code ?? "no reason given", context.secrets);
      throw new GateError("PROVIDER_FAILED", `${context.server}: ${said}`);
    }
    const { status_code: status, body } = response;
    const failure = envelopeFailure(body, context);
    if (failure !== null) throw failure;
    if (status !== 200) throw new GateError("PROVIDER_FAILED", `${context.server} answered ${status}`);
    // A batch measures no latency: the time in a queue says nothing about the model.
    const completion = readCompletion(body, { ...request, model: context.model }, null);
    return { kind: "answered", digest, completion };
  } catch (error) {
    return { kind: "failed", digest, failure: readFailure(error, context) };
  }
}

/** One line of a file with results. */
export function readResultLine(
  line: string,
  requestOf: (digest: Digest) => ModelRequest | undefined,
  context: FailureContext,
): BatchResult {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return { kind: "foreign", digest: null };
  }
  const parsed = lineSchema.safeParse(document);
  if (!parsed.success) return { kind: "foreign", digest: null };
  const digest: Digest = `sha256:${parsed.data.custom_id}`;
  const request = requestOf(digest);
  return request === undefined
    ? { kind: "foreign", digest }
    : outcome(parsed.data, { request, digest }, context);
}
