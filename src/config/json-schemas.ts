import * as z from "zod";
import { caseSchema } from "./case-schema.ts";
import { configSchema, type ProjectSchemas } from "./config-schema.ts";
import { promptSchema } from "./prompt-schema.ts";
import { rubricSchema } from "./rubric-schema.ts";

/** Draft 7: what editors' YAML language servers read. Of what a user writes, before defaults and conversions. */
function jsonSchema(schema: z.ZodType, title: string, description: string): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
  return { $schema, title, description, ...rest };
}

/** File name in `schema/` -> JSON Schema, generated from the schemas that judge the files. */
export function jsonSchemas(
  schemas: Omit<ProjectSchemas, "verifyCase" | "publishedPrice">,
): Record<string, Record<string, unknown>> {
  return {
    "promptgate.schema.json": jsonSchema(
      configSchema(schemas),
      "promptgate.yaml",
      "What is judged, by what, and what decides. `${VAR}` reads the environment in registry, models, metrics and platforms.",
    ),
    "prompt.schema.json": jsonSchema(
      promptSchema,
      "prompts/<name>.prompt.yml",
      "A prompt in the format of GitHub Models, with version and changeReason.",
    ),
    "rubric.schema.json": jsonSchema(
      rubricSchema,
      "rubrics/<name>.yml",
      "The criteria a judge follows; one rubric is one metric.",
    ),
    "case.schema.json": jsonSchema(
      caseSchema(schemas.caseAssertion),
      "one case of a golden dataset",
      "One line of a .jsonl dataset, or one item of a .yml or .json one.",
    ),
  };
}
