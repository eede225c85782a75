import { getInput } from "@actions/core";
import * as z from "zod";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";

const flag = z.enum(["true", "false"], "expected true or false").transform((text) => text === "true");

/** An input that is left out reaches the action as empty text. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((text) => (text === "" ? undefined : text), schema);
}

const COMMANDS = ["gate", "plan", "merge-shards", "verify", "promote", "advance", "rollback"] as const;

/** Text that stays out where it is empty; GitHub hands in at most 128 KB. */
function optionalText(longest: number) {
  return optional(z.string().max(longest, `expected at most ${longest} characters`).optional());
}

function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d+$/, "expected a whole number")
    .transform(Number)
    .pipe(z.int().min(least).max(most));
}

const inputSchema = z.object({
  command: optional(z.enum(COMMANDS).default("gate")),
  config: optional(z.string().default("promptgate.yaml")),
  "working-directory": optional(z.string().default(".")),
  "github-token": z.string(),
  "openai-api-key": z.string(),
  "base-ref": optional(z.string().max(250).optional()),
  force: optional(flag.default(false)),
  enforcement: optional(z.enum(["enforce", "report-only"]).default("enforce")),
  "on-missing-secrets": optional(z.enum(["fail", "neutral"]).default("fail")),
  "max-concurrency": optional(wholeNumber(1, 256).default(4)),
  "max-cost-usd": optional(
    z.string().transform(Number).pipe(z.number("expected an amount in US dollars").gt(0)).optional(),
  ),
  "results-dir": optional(z.string().optional()),
  comment: optional(z.enum(["always", "on-failure", "never"]).default("always")),
  "comment-key": optional(
    z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, "expected at most 64 letters, digits, ., _ and -")
      .default("default"),
  ),
  annotations: optional(flag.default(true)),
  "sign-off": optional(z.enum(["auto", "review", "environment", "none"]).default("auto")),
  shard: optionalText(20),
  "max-shards": optional(wholeNumber(1, 256).default(8)),
  "expected-shards": optionalText(4_000),
  needs: optionalText(120_000),
  "shards-dir": optionalText(1_000),
  prompt: optionalText(200),
  version: optionalText(200),
  target: optionalText(100),
  reason: optionalText(1_000),
  evidence: optionalText(1_000),
  "hold-hours": optional(wholeNumber(1, 10_000).default(24)),
  "dry-run": optional(flag.default(false)),
});

/** What the workflow asked for, with the defaults of what it left out. */
export type ActionInputs = z.infer<typeof inputSchema>;

/** The inputs that `action.yml` has to declare. */
export const INPUT_NAMES: readonly string[] = Object.keys(inputSchema.shape);

/** The inputs whose values are secrets. */
export const SECRET_INPUTS = ["github-token", "openai-api-key"] as const;

/** Reads all inputs. Throws `USAGE` with everything that is wrong with them. */
export function readInputs(read: (name: string) => string = getInput): ActionInputs {
  const raw = Object.fromEntries(INPUT_NAMES.map((name) => [name, read(name)]));
  const result = inputSchema.safeParse(raw);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const isSecret = SECRET_INPUTS.some((secret) => secret === name);
    const value = isSecret ? "" : `, got "${visibleLine(raw[name] ?? "", 80)}"`;
    return `${name}: ${message.replace(/^Invalid \w+: /, "")}${value}`;
  });
  throw new GateError(
    "USAGE",
    problems.length === 1 ? `input ${problems[0]}` : `inputs: ${problems.join("; ")}`,
    {
      hint: "see the inputs in docs/action.md",
    },
  );
}
