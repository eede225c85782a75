import { closest } from "fastest-levenshtein";
import type * as z from "zod";
import type { Path } from "./source-document.ts";

type AnySchema = z.core.$ZodType;

/** The schemas that a schema only wraps: optional, default, nullable, pipes, lazily defined ones. */
function unwrap(schema: AnySchema): AnySchema {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly":
    case "nonoptional":
    case "catch":
      return unwrap(def.innerType);
    case "pipe":
      return unwrap(def.in._zod.def.type === "transform" ? def.out : def.in);
    case "lazy":
      return unwrap(def.getter());
    default:
      return schema;
  }
}

/** True when no literal key of the object schema, such as `type` or `kind`, speaks against the value. */
function couldBe(shape: Readonly<Record<string, AnySchema>>, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(shape).every(([key, schema]) => {
    const { def } = (unwrap(schema) as z.core.$ZodTypes)._zod;
    if (def.type !== "literal" && def.type !== "enum") return true;
    const allowed: readonly unknown[] = def.type === "literal" ? def.values : Object.values(def.entries);
    return !Object.hasOwn(value, key) || allowed.includes((value as Record<string, unknown>)[key]);
  });
}

function childSchemas(schema: AnySchema, part: string | number): AnySchema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object": {
      const child = Object.hasOwn(def.shape, part) ? def.shape[part] : def.catchall;
      return child === undefined ? [] : [child];
    }
    case "record":
      return [def.valueType];
    case "array":
      return [def.element];
    default:
      return [];
  }
}

function alternatives(schema: AnySchema, value: unknown): AnySchema[] {
  const plain = unwrap(schema);
  const { def } = (plain as z.core.$ZodTypes)._zod;
  if (def.type === "object") return couldBe(def.shape, value) ? [plain] : [];
  return def.type === "union" ? def.options.flatMap((option) => alternatives(option, value)) : [plain];
}

/** The keys that a schema knows for the object at `path` of the document `value`. */
function knownKeys(schema: AnySchema, value: unknown, path: Path): string[] {
  const options = alternatives(schema, value);
  const [part, ...rest] = path;
  if (part === undefined) {
    return options.flatMap((option) => {
      const { def } = (option as z.core.$ZodTypes)._zod;
      return def.type === "object" ? Object.keys(def.shape) : [];
    });
  }
  const inner = typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined;
  return options.flatMap((option) =>
    childSchemas(option, part).flatMap((child) => knownKeys(child, inner, rest)),
  );
}

/** The name closest to `name` when it is close enough to be meant, else null. */
export function nearestName(name: string, names: readonly string[]): string | null {
  if (names.length === 0 || name.length > 100) return null;
  const lower = name.toLowerCase();
  const same = names.find((candidate) => candidate.toLowerCase() === lower);
  if (same !== undefined) return same;
  return closest(name, [...names]);
}

/** ` (did you mean "x"?)` or nothing. */
export function suggestion(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  return nearest === null ? "" : `; did you mean "${nearest}"?`;
}

/** The message for a key that the schema does not know. */
export function unknownKeyMessage(
  schema: AnySchema,
  { value, path, key }: { readonly value: unknown; readonly path: Path; readonly key: string },
): string {
  return `unknown key${suggestion(key, knownKeys(schema, value, path))}`;
}
