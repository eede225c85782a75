import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { canonicalJson } from "../../src/domain/digest.ts";
import { schemaChanges } from "../../src/gate/change-schema.ts";
import { requiredTier } from "../../src/gate/required-tier.ts";

const base = {
  type: "object",
  properties: {
    answer: { type: "string", description: "The answer" },
    status: { enum: ["open", "closed"] },
    lines: { type: "array", items: { type: "object", properties: { sku: { type: "string" } } } },
    other: { anyOf: [{ type: "string" }, { $ref: "#/$defs/part" }] },
  },
  required: ["answer", "status"],
  $defs: { part: { type: "object", properties: { id: { type: "number" } }, required: ["id"] } },
};

type Schema = typeof base & Record<string, unknown>;

function changed(change: (schema: Schema) => unknown): unknown {
  const copy = structuredClone(base) as Schema;
  return change(copy) ?? copy;
}

function envelope(schema: unknown): unknown {
  return { name: "reply", strict: true, schema };
}

describe("schemaChanges", () => {
  it.each<[string, string, (schema: Schema) => unknown]>([
    [
      "a new optional property",
      "minor",
      (s) => void Object.assign(s.properties, { note: { type: "string" } }),
    ],
    ["a new description", "minor", (s) => void (s.properties.answer.description = "Answer it")],
    ["a new title", "minor", (s) => void Object.assign(s, { title: "Reply" })],
    [
      "a new optional property deep inside",
      "minor",
      (s) => void Object.assign(s.properties.lines.items.properties, { count: { type: "integer" } }),
    ],
    ["another order of enum values", "minor", (s) => void s.properties.status.enum.reverse()],
    ["a new definition", "minor", (s) => void Object.assign(s.$defs, { more: { type: "null" } })],
    ["another order of required names", "patch", (s) => void s.required.reverse()],
    [
      "a new required property",
      "major",
      (s) => {
        Object.assign(s.properties, { note: { type: "string" } });
        s.required.push("note");
      },
    ],
    ["a property that became required", "major", (s) => void s.required.push("lines")],
    ["a property that became optional", "major", (s) => void s.required.pop()],
    ["a removed property", "major", (s) => void Reflect.deleteProperty(s.properties, "lines")],
    ["a narrowed type", "major", (s) => void (s.properties.answer.type = "null")],
    ["a widened type", "major", (s) => void Object.assign(s.properties.answer, { type: ["string", "null"] })],
    ["a new enum value", "major", (s) => void s.properties.status.enum.push("late")],
    ["a removed enum value", "major", (s) => void s.properties.status.enum.pop()],
    ["a type deep inside", "major", (s) => void (s.properties.lines.items.properties.sku.type = "number")],
    ["a type behind a reference", "major", (s) => void (s.$defs.part.properties.id.type = "string")],
    ["a removed definition", "major", (s) => void Reflect.deleteProperty(s.$defs, "part")],
    ["a further alternative", "major", (s) => void s.properties.other.anyOf.push({ type: "null" })],
    ["a bound", "major", (s) => void Object.assign(s.properties.answer, { maxLength: 5 })],
    ["a closed object", "major", (s) => void Object.assign(s, { additionalProperties: false })],
    ["a keyword nobody knows", "major", (s) => void Object.assign(s, { "x-strange": 1 })],
    [
      "a property named like a keyword",
      "major",
      (s) =>
        void Object.assign(
          s.properties,
          { required: {} },
          {
            answer: { type: "number" },
          },
        ),
    ],
    ["no schema any more", "major", () => true],
  ])("calls %s %s", (_, tier, change) => {
    const found = schemaChanges(base, changed(change), "jsonSchema");
    expect(requiredTier(found)).toBe(tier);
  });

  it("names the place", () => {
    const after = changed((s) => void (s.properties.lines.items.properties.sku.type = "number"));
    expect(schemaChanges(base, after, "jsonSchema")).toEqual([
      {
        tier: "major",
        path: "jsonSchema.properties.lines.items.properties.sku.type",
        message: 'jsonSchema.properties.lines.items.properties.sku.type: changed from "string" to "number"',
      },
    ]);
  });

  it("looks into the envelope that providers put around a schema", () => {
    const after = changed((s) => void Object.assign(s, { title: "Reply" }));
    expect(requiredTier(schemaChanges(envelope(base), envelope(after), "jsonSchema"))).toBe("minor");
  });

  it.each(["__proto__", "constructor", "toString"])("is not confused by a property named %s", (name) => {
    const one = JSON.parse(`{"properties": {"${name}": {"type": "string"}}}`);
    const two = JSON.parse(`{"properties": {"${name}": {"type": "number"}}}`);
    expect(requiredTier(schemaChanges(one, two, "s"))).toBe("major");
    expect(requiredTier(schemaChanges({ properties: {} }, one, "s"))).toBe("minor");
  });

  it("finds something exactly when two schemas differ", () => {
    const schema = fc.letrec((tie) => ({
      node: fc.record(
        {
          type: fc.constantFrom("string", "object"),
          description: fc.constantFrom("a", "b"),
          enum: fc.uniqueArray(fc.constantFrom("x", "y", 1), { maxLength: 2 }),
          required: fc.uniqueArray(fc.constantFrom("p", "q"), { maxLength: 2 }),
          properties: fc.dictionary(fc.constantFrom("p", "q"), tie("node"), { maxKeys: 2 }),
          items: tie("node"),
        },
        { requiredKeys: [] },
      ),
    })).node;
    fc.assert(
      fc.property(schema, schema, (before, after) => {
        expect(schemaChanges(before, after, "s").length > 0).toBe(
          canonicalJson(before) !== canonicalJson(after),
        );
      }),
    );
  });
});
