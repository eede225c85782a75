import * as z from "zod";
import type { MetricsSettings, PrometheusQueries } from "../domain/metrics.ts";
import { isHttpAddress } from "./http-address.ts";
import { duration, words } from "./units.ts";

const DEFAULT_PATH = ".promptgate/metrics.jsonl";
const DEFAULT_TIMEOUT_MS = 30_000;

const PLACEHOLDERS = ["prompt", "versions", "bucket"];

/** What is wrong with a PromQL template, or null. */
function templateFault(text: string): string | null {
  if (text.includes("`")) return "expected double or single quotes: nothing can be escaped in backticks";
  for (const [placeholder, name = ""] of text.matchAll(/\{\{(.*?)\}\}/gs)) {
    if (!PLACEHOLDERS.includes(name.trim())) {
      return `expected ${PLACEHOLDERS.map((known) => `{{${known}}}`).join(", ")}, got ${placeholder.slice(0, 40)}`;
    }
  }
  return /\{\{\s*bucket\s*\}\}/.test(text) || !/\[\s*\d+\w+\s*[\]:]/.test(text)
    ? null
    : "expected [{{bucket}}] as the window: one number for each bucket of time";
}

const promql = words.max(10_000).superRefine((text, context) => {
  const fault = templateFault(text);
  if (fault !== null) context.addIssue(fault);
});

const count = promql.meta({ description: "PromQL: how many were measured, by version" });

/** One schema for all forms, so that a mistake is told at its own key. */
const query = z
  .strictObject({
    kind: z.enum(["mean", "proportion"]).meta({ description: "as the rollout's metric has it" }),
    transform: z
      .enum(["none", "ln"])
      .default("none")
      .meta({ description: "ln where the application records logarithms, as for latency and cost" }),
    n: count,
    errors: promql.optional().meta({ description: "proportion: PromQL of how many of the n were errors" }),
    sum: promql.optional().meta({ description: "mean, with sumOfSquares: PromQL of the sum of the values" }),
    sumOfSquares: promql.optional().meta({ description: "PromQL of the sum of the values' squares" }),
    mean: promql.optional().meta({ description: "mean, with variance: PromQL of the mean" }),
    variance: promql.optional().meta({ description: "PromQL of the variance of single values" }),
  })
  .transform((written, context): { transform: "none" | "ln"; read: PrometheusQueries } => {
    const { kind, transform, n, errors, sum, sumOfSquares, mean, variance } = written;
    const others = (...allowed: readonly string[]): boolean =>
      Object.entries({ errors, sum, sumOfSquares, mean, variance }).every(
        ([key, value]) => value === undefined || allowed.includes(key),
      );
    if (kind === "proportion") {
      if (errors !== undefined && transform === "none" && others("errors")) {
        return { transform, read: { kind, n, errors } };
      }
      context.addIssue("expected n and errors, and nothing else, for a proportion");
      return z.NEVER;
    }
    if (sum !== undefined && sumOfSquares !== undefined && others("sum", "sumOfSquares")) {
      return { transform, read: { kind: "sums", n, sum, sumOfSquares } };
    }
    if (mean !== undefined && variance !== undefined && others("mean", "variance")) {
      return { transform, read: { kind: "moments", n, mean, variance } };
    }
    context.addIssue("expected n with sum and sumOfSquares, or n with mean and variance, for a mean");
    return z.NEVER;
  });

const jsonl = z.strictObject({
  source: z.literal("jsonl").meta({ description: "a log of served requests, one JSON object a line" }),
  path: words.default(DEFAULT_PATH).meta({
    description:
      "the file, a folder of .jsonl files, or files by a * in the last part; relative to this file",
  }),
});

const address = z
  .string()
  .refine(
    (text) => isHttpAddress(text) && !/[?#]/.test(text),
    "expected an http or https address without password, query or fragment",
  );

const deadline = duration
  .refine((milliseconds) => milliseconds <= 600_000, "expected at most 10m")
  .optional()
  .meta({ description: "deadline of one request; 30s unless given" });

const prometheus = z.strictObject({
  source: z.literal("prometheus").meta({ description: "a Prometheus server, or what speaks its HTTP API" }),
  url: address.meta({ description: "of the server, without /api/v1, e.g. http://localhost:9090" }),
  headers: z
    .record(words, z.string())
    .default({})
    .meta({ description: "HTTP headers; secrets as references such as ${VAR}" }),
  timeout: deadline,
  versionLabel: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of a label")
    .default("version")
    .meta({ description: "the label that names the version; version unless given" }),
  assignments: promql.meta({ description: "PromQL: how many requests were served, by version" }),
  queries: z
    .record(words, query)
    .refine((queries) => Object.keys(queries).length > 0, "expected at least one metric")
    .meta({ description: "metric -> PromQL templates" }),
});

const key = z.string().regex(/^[\x21-\x7e]+$/, "expected a key: visible ASCII characters without spaces");

const langfuse = z.strictObject({
  source: z.literal("langfuse").meta({ description: "generations that Langfuse was told of" }),
  baseUrl: address
    .default("https://cloud.langfuse.com")
    .meta({ description: "of Langfuse, without /api/public; the cloud in Europe unless given" }),
  publicKey: key.meta({ description: "a reference such as ${LANGFUSE_PUBLIC_KEY}" }),
  secretKey: key.meta({ description: "a reference such as ${LANGFUSE_SECRET_KEY}" }),
  folder: z
    .string()
    .regex(/^(?:[\w.-]+(?:\/[\w.-]+)*)?$/, "expected a folder such as team/support")
    .default("")
    .meta({ description: "where the prompts are on Langfuse, as for the registry" }),
  timeout: deadline,
  environments: z
    .array(words)
    .min(1)
    .default(["default", "production"])
    .meta({ description: "environments that are production; default and production unless given" }),
  unit: z
    .enum(["user", "session", "none"])
    .default("user")
    .meta({ description: "which id of a generation was handed to getPrompt; user unless given" }),
});

const logfire = z.strictObject({
  source: z.literal("logfire").meta({ description: "spans that Logfire was told of" }),
  baseUrl: address
    .optional()
    .meta({ description: "of Logfire, without /v2; that of the token's region unless given" }),
  readToken: key.meta({ description: "a reference such as ${LOGFIRE_READ_TOKEN}" }),
  apiKey: key.optional().meta({
    description:
      "a reference such as ${LOGFIRE_API_KEY}; tells which version it was where Logfire's SDK chose it",
  }),
  timeout: deadline,
  environments: z
    .array(words)
    .default([])
    .meta({ description: "deployment environments that are production; all unless given" }),
  unit: words.max(1024).default("user.id").meta({
    description:
      "attribute of a span with the id that was handed to getPrompt, or none; user.id unless given",
  }),
});

const langsmith = z.strictObject({
  source: z.literal("langsmith").meta({ description: "traces that LangSmith was told of" }),
  baseUrl: address
    .default("https://api.smith.langchain.com")
    .meta({ description: "of LangSmith's API, as its clients have it; the cloud in the US unless given" }),
  apiKey: key.meta({ description: "a reference such as ${LANGSMITH_API_KEY}" }),
  workspaceId: z
    .uuid("expected the id of a workspace")
    .optional()
    .meta({ description: "the workspace, for keys of a whole organization" }),
  timeout: deadline,
  project: words.meta({ description: "the tracing project that production reports to" }),
  unit: words.max(1024).default("user_id").meta({
    description:
      "key of a run's metadata with the id that was handed to getPrompt, or none; user_id unless given",
  }),
});

const promptlayer = z.strictObject({
  source: z.literal("promptlayer").meta({ description: "requests that PromptLayer was told of" }),
  baseUrl: address
    .default("https://api.promptlayer.com")
    .meta({ description: "of PromptLayer's API; the cloud unless given" }),
  apiKey: key.meta({ description: "a reference such as ${PROMPTLAYER_API_KEY}" }),
  timeout: deadline,
  unit: words.max(1024).default("user_id").meta({
    description:
      "key of a request's metadata with the id that was handed to getPrompt, or none; user_id unless given",
  }),
  tag: words.max(512).optional().meta({ description: "what requests of production are tagged with" }),
});

const phoenix = z.strictObject({
  source: z.literal("phoenix").meta({ description: "spans that Phoenix was told of" }),
  baseUrl: address
    .default("http://localhost:6006")
    .meta({ description: "of Phoenix, without /v1; http://localhost:6006 unless given" }),
  apiKey: key.optional().meta({ description: "a reference such as ${PHOENIX_API_KEY}" }),
  timeout: deadline,
  project: words
    .regex(/^[^/?#]+$/, "expected the name of a project, without / ? and #")
    .default("default")
    .meta({ description: "the project that production's spans are in; default unless given" }),
  unit: z
    .enum(["user", "session", "none"])
    .default("user")
    .meta({ description: "which id of a span was handed to getPrompt; user unless given" }),
});

/** `metrics` as a user writes it. */
export const metricsSchema = z.discriminatedUnion("source", [
  jsonl,
  prometheus,
  langfuse,
  logfire,
  langsmith,
  promptlayer,
  phoenix,
]);

/** What the config says, or the log at its usual place. */
export function metricsSettings(written: z.infer<typeof metricsSchema> | undefined): MetricsSettings {
  if (written === undefined) return { source: "jsonl", path: DEFAULT_PATH };
  if (written.source === "jsonl") return written;
  const { timeout, ...rest } = written;
  const timeoutMs = timeout ?? DEFAULT_TIMEOUT_MS;
  if (rest.source === "prometheus") return { ...rest, timeoutMs };
  if (rest.source === "logfire") {
    const { baseUrl: address = null, apiKey = null, unit } = rest;
    const baseUrl = address?.replace(/\/+$/, "") ?? null;
    return { ...rest, timeoutMs, baseUrl, apiKey, unit: unit === "none" ? null : unit };
  }
  const baseUrl = rest.baseUrl.replace(/\/+$/, "");
  if (rest.source === "langfuse") return { ...rest, timeoutMs, baseUrl };
  if (rest.source === "phoenix") return { ...rest, timeoutMs, baseUrl, apiKey: rest.apiKey ?? null };
  const unit = rest.unit === "none" ? null : rest.unit;
  if (rest.source === "langsmith") {
    return { ...rest, timeoutMs, baseUrl, unit, workspaceId: rest.workspaceId ?? null };
  }
  return { ...rest, timeoutMs, baseUrl, unit, tag: rest.tag ?? null };
}
