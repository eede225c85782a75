import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { parse } from "yaml";

/** One call as it went over the wire. */
interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: unknown;
  readonly status: number;
  readonly response: unknown;
}

/** Compares calls with a vendor's description of its API. */
export interface OpenApiCheck {
  /** Calls that were compared. */
  readonly checked: () => number;
  /** What differs from the description; empty = nothing. */
  readonly compare: (exchange: Exchange) => string[];
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: { readonly type?: string; readonly anyOf?: readonly { readonly type?: string }[] };
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object }> }>;
}
type Paths = Record<string, Record<string, Operation>>;

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own. */
function asJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJsonSchema);
  if (typeof value !== "object" || value === null) return value;
  const { nullable, ...rest } = value as Record<string, unknown>;
  const schema = Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, asJsonSchema(part)]));
  return nullable === true ? { anyOf: [schema, { type: "null" }] } : schema;
}

function isIntended(path: string, template: string): boolean {
  const parts = template.split("/");
  const given = path.split("/");
  return (
    given.length === parts.length && parts.every((part, at) => part.startsWith("{") || part === given[at])
  );
}

/** Query values are text: what the description calls a number or a truth value is read as one. */
function valueOf(text: string, type: string | undefined): unknown {
  if (type === "integer" || type === "number") return text.trim() === "" ? text : Number(text);
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  return type === "array" ? [text] : text;
}

/** The check of a description in `../shared/specs`, or null with a printed reason where it is absent. */
export function openApiCheck(file: string): OpenApiCheck | null {
  const path = join(import.meta.dirname, "..", "..", "..", "shared", "specs", file);
  if (!existsSync(path)) {
    console.warn(`calls are not compared with ${file}: ../shared/specs is absent`);
    return null;
  }
  const source = parse(readFileSync(path, "utf8"), { maxAliasCount: -1 }) as { paths: Paths };
  const ajv = new Ajv({ strict: false, allErrors: false });
  addFormats.default(ajv);
  ajv.addSchema({ ...(asJsonSchema(source) as object), $id: "https://api.invalid/description" });
  const compiled = new Map<string, ValidateFunction>();
  let checked = 0;

  /** A schema at a place of the description; keys of the place are escaped as JSON pointers are. */
  function fault(place: readonly string[], value: unknown): string | null {
    const escaped = place.map((key) => key.replaceAll("~", "~0").replaceAll("/", "~1"));
    const pointer = escaped.map((key) => encodeURIComponent(key)).join("/");
    const validate =
      compiled.get(pointer) ?? ajv.compile({ $ref: `https://api.invalid/description#/${pointer}` });
    compiled.set(pointer, validate);
    return validate(value) ? null : ajv.errorsText(validate.errors);
  }

  function queryFaults(place: readonly string[], operation: Operation, query: URLSearchParams): string[] {
    const known = (operation.parameters ?? []).map((parameter, at) => ({ parameter, at }));
    return [...query].flatMap(([name, text]) => {
      const found = known.find(({ parameter }) => parameter.in === "query" && parameter.name === name);
      if (found === undefined) return [`the query has an unknown ${name}`];
      const { schema } = found.parameter;
      // A list that may be left out is a list or null.
      const type = schema.type ?? schema.anyOf?.find((one) => one.type !== "null")?.type;
      const wrong = fault([...place, "parameters", String(found.at), "schema"], valueOf(text, type));
      return wrong === null ? [] : [`query ${name}=${text}: ${wrong}`];
    });
  }

  const templates = new Map<string, string | undefined>();

  /** The path as the description has it; of several the one with the fewest variables. */
  function templateOf(path: string): string | undefined {
    if (!templates.has(path)) {
      const fitting = Object.keys(source.paths).filter((template) => isIntended(path, template));
      const [best] = fitting.sort((left, right) => left.split("{").length - right.split("{").length);
      templates.set(path, best);
    }
    return templates.get(path);
  }

  return {
    checked: () => checked,
    compare({ method, path: called, query, request, status, response }) {
      const template = templateOf(called);
      const verb = method.toLowerCase();
      const operation = template === undefined ? undefined : source.paths[template]?.[verb];
      if (template === undefined || operation === undefined) return [`${method} ${called} is not described`];
      checked += 1;
      const place = ["paths", template, verb];
      const faults = queryFaults(place, operation, query);
      if (operation.requestBody !== undefined) {
        const wrong = fault([...place, "requestBody", "content", "application/json", "schema"], request);
        if (wrong !== null) faults.push(`request: ${wrong}`);
      }
      // Created things are answered with 201 by some that describe a 200.
      const answered = [String(status), status === 201 ? "200" : ""].find(
        (code) => code in operation.responses,
      );
      if (answered !== undefined && operation.responses[answered]?.content !== undefined) {
        const schema = [...place, "responses", answered, "content", "application/json", "schema"];
        const wrong = fault(schema, response);
        if (wrong !== null) faults.push(`response ${status}: ${wrong}`);
      }
      return faults.map((text) => `${method} ${called}: ${text}`);
    },
  };
}
