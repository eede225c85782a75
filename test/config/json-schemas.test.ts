import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { jsonSchemas } from "../../src/config/json-schemas.ts";
import { assertionSchema, caseAssertionSchema } from "../../src/evals/checks/index.ts";
import { modelProviders } from "../../src/models/index.ts";
import { platforms } from "../../src/platforms/index.ts";
import { registries } from "../../src/registries/index.ts";
import { stores } from "../../src/stores/index.ts";
import { files } from "./project-folder.ts";

const root = join(import.meta.dirname, "../..");
const generated = jsonSchemas({
  assertion: assertionSchema,
  caseAssertion: caseAssertionSchema,
  registryKinds: Object.keys(registries),
  storeKinds: Object.keys(stores),
  platformKinds: Object.keys(platforms),
  providers: Object.keys(modelProviders),
});

function validator(name: string): ValidateFunction {
  return new Ajv({ strict: false, allErrors: true }).compile(generated[name] ?? {});
}

describe("the JSON Schemas in schema/", () => {
  it("are those that the code generates: run scripts/generate-schemas.mjs when this fails", () => {
    const committed = readdirSync(join(root, "schema"))
      .filter((name) => name.endsWith(".schema.json"))
      .sort();
    expect(committed).toEqual(Object.keys(generated).sort());
    for (const [name, schema] of Object.entries(generated)) {
      const text = readFileSync(join(root, "schema", name), "utf8");
      expect(text === `${JSON.stringify(schema, null, 2)}\n`, `${name} is out of date`).toBe(true);
    }
  });

  it.each([
    ["promptgate.schema.json", parse(files["promptgate.yaml"])],
    ["promptgate.schema.json", parse(readFileSync(join(root, "promptgate.yaml"), "utf8"))],
    ["promptgate.schema.json", parse(readFileSync(join(root, "templates/init/promptgate.yaml"), "utf8"))],
    ["prompt.schema.json", parse(files["desk.prompt.yml"])],
    ["prompt.schema.json", parse(readFileSync(join(root, "prompts/customer-support.prompt.yml"), "utf8"))],
    ["rubric.schema.json", parse(files["faithfulness.yml"])],
    ["case.schema.json", { id: "a", vars: { q: 1 }, assert: [{ type: "not-contains", value: "x" }] }],
  ])("%s accepts a good document (%#)", (name, document: unknown) => {
    const validate = validator(name);
    validate(document);
    expect(validate.errors).toBeNull();
  });

  it.each([
    ["promptgate.schema.json", { version: 1, models: {}, prompts: {}, registy: {} }],
    [
      "promptgate.schema.json",
      {
        version: 1,
        models: {},
        prompts: { a: { file: "a", dataset: "b", gates: { cost: { maxIncrease: "ten" } } } },
      },
    ],
    [
      "promptgate.schema.json",
      { version: 1, models: {}, prompts: { a: { file: "a", dataset: "b", assert: [{ type: "nope" }] } } },
    ],
    ["prompt.schema.json", { name: "a", version: "1.0.0", model: "m", messages: [] }],
    [
      "rubric.schema.json",
      { name: "a", model: "m", scale: { kind: "stars" }, criteria: [{ id: "a", question: "b" }] },
    ],
    ["case.schema.json", { id: 3 }],
    ["case.schema.json", { id: "a", var: {} }],
  ])("%s refuses a bad document (%#)", (name, document) => {
    expect(validator(name)(document)).toBe(false);
  });
});
