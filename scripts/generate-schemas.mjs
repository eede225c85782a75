// Writes schema/*.schema.json from the schemas in the code. Run it after a change of them: `npm run build` comes first.
import { mkdirSync, writeFileSync } from "node:fs";
import { jsonSchemas } from "../lib/config/json-schemas.js";
import { assertionSchema, caseAssertionSchema } from "../lib/evals/checks/index.js";
import { modelProviders } from "../lib/models/index.js";
import { registries } from "../lib/registries/index.js";

const folder = new URL("../schema/", import.meta.url);
const schemas = jsonSchemas({
  assertion: assertionSchema,
  caseAssertion: caseAssertionSchema,
  registryKinds: Object.keys(registries),
  providers: Object.keys(modelProviders),
});
mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(schemas)) {
  writeFileSync(new URL(name, folder), `${JSON.stringify(schema, null, 2)}\n`);
}
