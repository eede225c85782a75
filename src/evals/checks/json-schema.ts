import { Ajv, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formatsModule, { type FormatName } from "ajv-formats";
import * as z from "zod";
import { canonicalJson } from "../../domain/digest.ts";
import { expectation } from "./assertion-value.ts";
import { boundedCache } from "./bounded-cache.ts";
import { messageOf } from "./check.ts";
import { patternOf } from "./pattern.ts";

/** Null when the value conforms, else the first thing wrong, e.g. `JSON/total must be number`. */
export type SchemaValidator = (value: unknown) => string | null;

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A field that holds a JSON Schema; whether it is one is for `schemaProblem` to say. */
export const schemaField = z.record(z.string(), z.unknown(), expectation("a JSON Schema object"));

/** All of ajv-formats but `url` and `regex`, whose own patterns take more than linear time on a hostile output. */
const FORMATS: FormatName[] = [
  "date",
  "time",
  "date-time",
  "duration",
  "uri",
  "uri-reference",
  "uri-template",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uuid",
  "json-pointer",
  "json-pointer-uri-fragment",
  "relative-json-pointer",
  "byte",
  "int32",
  "int64",
  "float",
  "double",
  "password",
  "binary",
];

/** Unknown keywords and formats are errors: a misspelt `requierd` would be a check that cannot fail. */
const OPTIONS: Options = {
  strictSchema: true,
  strictTypes: false,
  strictTuples: false,
  ownProperties: true,
  logger: false,
  code: {
    // Patterns of a schema meet untrusted texts. Ajv tells compiled patterns apart by their text form.
    regExp: Object.assign((source: string) => ({ test: patternOf(source).test, toString: () => source }), {
      code: "linear-time",
    }),
  },
};

function hasNoDuplicates(isWanted: boolean, items: readonly unknown[]): boolean {
  return !isWanted || new Set(items.map((item) => canonicalJson(item))).size === items.length;
}

type Dialect = "draft-07" | "2020-12";

function newEngine(dialect: Dialect): Ajv {
  const engine = dialect === "2020-12" ? new Ajv2020(OPTIONS) : new Ajv(OPTIONS);
  formatsModule.default(engine, FORMATS);
  // Ajv's own keyword compares every pair of objects; outputs may hold hundreds of thousands.
  engine.removeKeyword("uniqueItems");
  return engine.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    error: { message: "must NOT have duplicate items" },
    validate: hasNoDuplicates,
  });
}

const shared = new Map<Dialect, Ajv>();

/** An engine remembers every `$id` for ever, so a schema that carries one gets an engine of its own. */
function engineFor(schema: JsonSchema, canonical: string): Ajv {
  const named = schema["$schema"];
  const dialect = typeof named === "string" && named.includes("2020-12") ? "2020-12" : "draft-07";
  if (canonical.includes('"$id"')) return newEngine(dialect);
  const engine = shared.get(dialect) ?? newEngine(dialect);
  shared.set(dialect, engine);
  return engine;
}

function compile(schema: JsonSchema, canonical: string): SchemaValidator {
  if (schema["$async"] !== undefined) throw new Error("asynchronous schemas are not supported");
  const engine = engineFor(schema, canonical);
  try {
    const validate = engine.compile(schema);
    return (value) =>
      validate(value) ? null : engine.errorsText(validate.errors?.slice(0, 1), { dataVar: "JSON" });
  } finally {
    engine.removeSchema(schema);
  }
}

const byIdentity = new WeakMap<JsonSchema, SchemaValidator>();
const byText = boundedCache<SchemaValidator>(200);

/** Compiles a JSON Schema (draft-07, or 2020-12 where `$schema` says so) once. Throws on a bad one; loads nothing. */
export function schemaValidator(schema: JsonSchema): SchemaValidator {
  const known = byIdentity.get(schema);
  if (known !== undefined) return known;
  const canonical = canonicalJson(schema);
  const validator = byText(canonical, () => compile(schema, canonical));
  byIdentity.set(schema, validator);
  return validator;
}

/** Why a JSON Schema cannot be used, or null. */
export function schemaProblem(schema: JsonSchema): string | null {
  try {
    schemaValidator(schema);
    return null;
  } catch (error) {
    return `not a JSON Schema: ${messageOf(error)}`;
  }
}
