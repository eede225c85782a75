import { closest, distance } from "fastest-levenshtein";
import * as z from "zod";
import { visibleLine } from "../domain/visible.ts";
import type { Path } from "./source-document.ts";

type Schema = z.core.$ZodType;

/** The schema inside those that only wrap it: optional, default, nullable, pipes. */
function unwrap(schema: Schema): Schema {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrap(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in) : schema;
}

/** True when no literal key of the object schema, such as `type` or `kind`, speaks against the value. */
function couldBe(shape: Readonly<Record<string, Schema>>, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(shape).every(([key, schema]) => {
    const plain = unwrap(schema);
    if (!(plain instanceof z.ZodLiteral || plain instanceof z.ZodEnum)) return true;
    return !Object.hasOwn(value, key) || plain.safeParse(Reflect.get(value, key)).success;
  });
}

function childSchemas(schema: Schema, part: string | number): Schema[] {
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Readonly<Record<string, Schema>>;
    const child = Object.hasOwn(shape, part) ? shape[part] : schema.def.catchall;
    return child === undefined ? [] : [child];
  }
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  return schema instanceof z.ZodArray ? [schema.element] : [];
}

function alternatives(schema: Schema, value: unknown): Schema[] {
  const plain = unwrap(schema);
  if (plain instanceof z.ZodObject) return couldBe(plain.shape, value) ? [plain] : [];
  return plain instanceof z.ZodUnion
    ? plain.options.flatMap((option) => alternatives(option, value))
    : [plain];
}

/** The keys that a schema knows for the object at `path` of the document `value`. */
function knownKeys(schema: Schema, value: unknown, path: Path): string[] {
  const options = alternatives(schema, value);
  const [part, ...rest] = path;
  if (part === undefined) {
    return options.flatMap((option) => (option instanceof z.ZodObject ? Object.keys(option.shape) : []));
  }
  const inner: unknown = typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined;
  return options.flatMap((option) =>
    childSchemas(option, part).flatMap((child) => knownKeys(child, inner, rest)),
  );
}

/** How many names are listed when none of them is near. */
const LISTED = 12;

/** `; did you mean "x"?` with the nearest of the names; when none is near, what there is; or nothing. */
export function suggestion(name: string, names: readonly string[]): string {
  const known = [...new Set(names)];
  if (known.length === 0 || name.length > 100) return "";
  const lower = name.toLowerCase();
  const nearest = closest(
    lower,
    known.map((word) => word.toLowerCase()),
  );
  const word = known.find((candidate) => candidate.toLowerCase() === nearest) ?? "";
  const isNear = distance(lower, nearest) <= Math.max(2, word.length / 2);
  if (isNear || known.length > LISTED) return `; did you mean "${visibleLine(word, 60)}"?`;
  return `; there is ${known.map((candidate) => visibleLine(candidate, 60)).join(", ")}`;
}

/** The message for a key that the schema does not know. */
export function unknownKeyMessage(
  schema: Schema,
  { value, path, key }: { readonly value: unknown; readonly path: Path; readonly key: string },
): string {
  return `unknown key${suggestion(key, knownKeys(schema, value, path))}`;
}
