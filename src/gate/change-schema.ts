import { canonicalJson } from "../domain/digest.ts";
import type { ChangeFinding, Tier } from "../domain/tier.ts";
import { visibleLine } from "../domain/visible.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** Keywords that tell people and models something and accept or refuse nothing. */
const ANNOTATIONS = new Set(["title", "description", "$comment", "default", "examples", "deprecated"]);
const SCHEMA_MAPS = new Set(["$defs", "definitions"]);
const SCHEMA_LISTS = new Set(["anyOf", "oneOf", "allOf", "prefixItems"]);
// `schema` is where providers keep the schema beside its name and strictness.
const SUBSCHEMAS = new Set(["items", "additionalProperties", "schema"]);

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(object: unknown, key: string): unknown {
  return isObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;
}

function same(left: unknown, right: unknown): boolean {
  return (
    canonicalJson(left ?? null) === canonicalJson(right ?? null) &&
    (left === undefined) === (right === undefined)
  );
}

function keysOf(left: unknown, right: unknown): string[] {
  return [
    ...new Set([...Object.keys(isObject(left) ? left : {}), ...Object.keys(isObject(right) ? right : {})]),
  ];
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : visibleLine(JSON.stringify(value), 60);
}

function finding(tier: Tier, path: string, message: string): ChangeFinding {
  return { tier, path: visibleLine(path), message: `${visibleLine(path)}: ${message}` };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function propertyChanges(before: JsonObject, after: JsonObject, path: string): ChangeFinding[] {
  const [left, right] = [own(before, "properties"), own(after, "properties")];
  return keysOf(left, right).flatMap((name) => {
    const [old, fresh] = [own(left, name), own(right, name)];
    const at = `${path}.properties.${name}`;
    const property = `property "${visibleLine(name, 60)}"`;
    if (old === undefined) {
      return strings(after["required"]).includes(name)
        ? [finding("major", at, `required ${property} was added`)]
        : [finding("minor", at, `optional ${property} was added`)];
    }
    return fresh === undefined
      ? [finding("major", at, `${property} was removed`)]
      : schemaChanges(old, fresh, at);
  });
}

function requiredChanges(before: JsonObject, after: JsonObject, path: string): ChangeFinding[] {
  const [old, fresh] = [strings(before["required"]), strings(after["required"])];
  const at = `${path}.required`;
  const stays = (name: string): boolean =>
    (own(before["properties"], name) === undefined) === (own(after["properties"], name) === undefined);
  const changes = [
    ...fresh.filter((name) => !old.includes(name) && stays(name)).map((name) => [name, "required"] as const),
    ...old.filter((name) => !fresh.includes(name) && stays(name)).map((name) => [name, "optional"] as const),
  ].map(([name, now]) => finding("major", at, `property "${visibleLine(name, 60)}" became ${now}`));
  const reordered = same([...old].sort(), [...fresh].sort());
  return reordered ? [finding("patch", at, "the order of the names changed")] : changes;
}

/** The values that `from` does not hold. */
function missing(from: readonly unknown[], values: readonly unknown[]): unknown[] {
  const known = new Set(from.map((value) => canonicalJson(value)));
  return values.filter((value) => !known.has(canonicalJson(value)));
}

function enumChanges(before: unknown, after: unknown, at: string): ChangeFinding[] {
  if (!Array.isArray(before) || !Array.isArray(after)) {
    return [finding("major", at, `changed from ${shown(before)} to ${shown(after)}`)];
  }
  const changes = [
    ...missing(after, before).map((value) => finding("major", at, `value ${shown(value)} was removed`)),
    ...missing(before, after).map((value) => finding("major", at, `value ${shown(value)} was added`)),
  ];
  return changes.length > 0 ? changes : [finding("minor", at, "the order of the values changed")];
}

function mapChanges(before: unknown, after: unknown, at: string): ChangeFinding[] {
  return keysOf(before, after).flatMap((name) => {
    const [old, fresh] = [own(before, name), own(after, name)];
    const path = `${at}.${name}`;
    if (old === undefined) return [finding("minor", path, "a definition was added")];
    return fresh === undefined
      ? [finding("major", path, "a definition was removed")]
      : schemaChanges(old, fresh, path);
  });
}

function keywordChanges(key: string, before: JsonObject, after: JsonObject, path: string): ChangeFinding[] {
  const [old, fresh] = [own(before, key), own(after, key)];
  const at = `${path}.${key}`;
  if (key === "properties") return propertyChanges(before, after, path);
  if (same(old, fresh)) return [];
  if (ANNOTATIONS.has(key)) return [finding("minor", at, `changed from ${shown(old)} to ${shown(fresh)}`)];
  if (key === "required") return requiredChanges(before, after, path);
  if (key === "enum") return enumChanges(old, fresh, at);
  if (SCHEMA_MAPS.has(key)) return mapChanges(old, fresh, at);
  if (SUBSCHEMAS.has(key) && isObject(old) && isObject(fresh)) return schemaChanges(old, fresh, at);
  if (SCHEMA_LISTS.has(key) && Array.isArray(old) && Array.isArray(fresh) && old.length === fresh.length) {
    return old.flatMap((item, index) => schemaChanges(item, fresh[index], `${at}[${index}]`));
  }
  // A type, a bound, a format, a reference or a keyword unknown here: nobody may rely on its being harmless.
  return [finding("major", at, `changed from ${shown(old)} to ${shown(fresh)}`)];
}

/**
 * Compares two JSON Schemas by structure. Only what an application that reads the old shape cannot trip over is below
 * major: a new optional property, annotations, order. Whatever is not understood is major. Empty exactly when equal.
 */
export function schemaChanges(before: unknown, after: unknown, path: string): ChangeFinding[] {
  if (same(before, after)) return [];
  if (!isObject(before) || !isObject(after)) {
    return [finding("major", path, `changed from ${shown(before)} to ${shown(after)}`)];
  }
  const found = keysOf(before, after).flatMap((key) => keywordChanges(key, before, after, path));
  return found.length > 0 ? found : [finding("major", path, "changed in a way that no rule describes")];
}
