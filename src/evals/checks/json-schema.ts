import { Ajv, type AnySchemaObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formatsModule, { type FormatName } from "ajv-formats";
import * as z from "zod";
import { canonicalJson, jsonDigest } from "../../domain/digest.ts";
import { expectation } from "./assertion-value.ts";
import { boundedCache } from "./bounded-cache.ts";
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
  addUsedSchema: false,
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

function prepareEngine(engine: Ajv): Ajv {
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

let draft07: Ajv | undefined;
let draft2020: Ajv | undefined;

function engineFor(schema: JsonSchema): Ajv {
  const dialect = schema["$schema"];
  if (typeof dialect === "string" && dialect.includes("2020-12"))
    return (draft2020 ??= prepareEngine(new Ajv2020(OPTIONS)));
  return (draft07 ??= prepareEngine(new Ajv(OPTIONS)));
}

function compile(schema: JsonSchema): SchemaValidator {
  if (schema["$async"] !== undefined) throw new Error("asynchronous schemas are not supported");
  const engine = engineFor(schema);
  let validate: ValidateFunction;
  try {
    validate = engine.compile(schema as AnySchemaObject);
  } finally {
    // The engine would keep every schema for ever.
    engine.removeSchema(schema);
  }
  return (value) =>
    validate(value) ? null : engine.errorsText(validate.errors?.slice(0, 1), { dataVar: "JSON" });
}

const byIdentity = new WeakMap<JsonSchema, SchemaValidator>();
const byDigest = boundedCache<SchemaValidator>(200);

/** Compiles a JSON Schema (draft-07, or 2020-12 where `$schema` says so) once. Throws on a bad one; loads nothing. */
export function schemaValidator(schema: JsonSchema): SchemaValidator {
  const known = byIdentity.get(schema);
  if (known !== undefined) return known;
  const validator = byDigest(jsonDigest(schema), () => compile(schema));
  byIdentity.set(schema, validator);
  return validator;
}

/** Why a JSON Schema cannot be used, or null. */
export function schemaProblem(schema: JsonSchema): string | null {
  try {
    schemaValidator(schema);
    return null;
  } catch (error) {
    return `not a JSON Schema: ${error instanceof Error ? error.message : String(error)}`;
  }
}
