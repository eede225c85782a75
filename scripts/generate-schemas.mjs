// Writes schema/*.schema.json from the schemas in the code. Run it after a change of them.
import { mkdirSync, writeFileSync } from "node:fs";
import { importSource } from "./import-source.mjs";

const { jsonSchemas } = await importSource("src/config/json-schemas.ts");
const { assertionSchema, caseAssertionSchema } = await importSource("src/evals/checks/index.ts");
const { modelProviders } = await importSource("src/models/index.ts");
const { platforms } = await importSource("src/platforms/index.ts");
const { registries } = await importSource("src/registries/index.ts");
const { stores } = await importSource("src/stores/index.ts");

const folder = new URL("../schema/", import.meta.url);
const schemas = jsonSchemas({
  assertion: assertionSchema,
  caseAssertion: caseAssertionSchema,
  registryKinds: Object.keys(registries),
  storeKinds: Object.keys(stores),
  platformKinds: Object.keys(platforms),
  providers: Object.keys(modelProviders),
});
mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(schemas)) {
  writeFileSync(new URL(name, folder), `${JSON.stringify(schema, null, 2)}\n`);
}
